import { BlockList, isIP, isIPv6 } from 'node:net';

/** Whether an address is one of these (`127.0.0.1`, `::1`) or in one of these networks (`10.0.0.0/8`). */
export type AddressRule = (address: string) => boolean;

/** Throws at an entry that is neither: a rule that matches nothing would be a rule that nobody wanted. */
export function addressRule(entries: readonly string[]): AddressRule {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    if (isIP(address) === 0) throw new Error(`${entry} is no address or network`);
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

export const loopback = ['127.0.0.0/8', '::1'] as const;
