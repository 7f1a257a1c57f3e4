import { BlockList, isIP } from 'node:net';
import { type Result, refuse } from '../domain/errors.ts';

/** Addresses of one name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Everything that is not the public internet (IANA's registries of special addresses). */
const notPublic = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic.addSubnet(net, bits, 'ipv6');
}
/** Of the other addresses of version 6 none is a machine of the public internet. */
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');

export function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !notPublic.check(address, 'ipv4');
  return version === 6 && globalV6.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

const closedText = (host: string): string =>
  `${host} is an address of this machine or of a private network; the server sends there only with webhooks.private-targets`;

/** Null: it may be kept. What its name stands for is looked at when something is sent. */
export function refusalOfUrl(text: string, allowPrivate: boolean) {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return refuse('invalid', 'The address of a webhook is written https://…', '/url');
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('invalid', 'The address of a webhook has no user and password: check the signature instead', '/url');
  }
  const host = hostOf(url);
  const inside = host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublic(host));
  return inside && !allowPrivate ? refuse('invalid', closedText(host), '/url') : null;
}

/**
 * The address to connect to. What was looked at is what is connected to: nobody asks for the name again, so a name cannot stand
 * for something else the second time.
 */
export async function addressOf(url: URL, resolve: Resolve, allowPrivate: boolean): Promise<Result<string>> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
  const [first] = addresses;
  if (first === undefined) return refuse('invalid', `${host} is not known`);
  const inside = allowPrivate ? undefined : addresses.find((address) => !isPublic(address));
  return inside === undefined ? { value: first } : refuse('invalid', closedText(inside === host ? host : `${host} (${inside})`));
}
