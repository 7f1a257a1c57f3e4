/** An address of this machine, as `os.networkInterfaces` gives it. */
export interface LocalAddress {
  readonly address: string;
  /** `192.168.1.5/24`; null where the system does not say. */
  readonly cidr: string | null;
  readonly family: 'IPv4' | 'IPv6';
}

export const managerTarget = 'urn:flamenco:manager:0';

/** Whether somebody looks for a manager, or for everything there is (flamenco §1). */
export function searchesManager(datagram: string): boolean {
  const [first = '', ...lines] = datagram.split(/\r?\n/);
  if (!/^M-SEARCH \* HTTP\/1\.[01]$/.test(first.trim())) return false;
  const header = (name: string): string => {
    const line = lines.find((one) => one.slice(0, one.indexOf(':')).trim().toLowerCase() === name);
    return line === undefined ? '' : line.slice(line.indexOf(':') + 1).trim();
  };
  return header('man').toLowerCase() === '"ssdp:discover"' && [managerTarget, 'ssdp:all'].includes(header('st'));
}

export function ssdpAnswer(place: { readonly host: string; readonly port: number; readonly uuid: string }): string {
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  const lines = [
    'HTTP/1.1 200 OK',
    'CACHE-CONTROL: max-age=3600',
    'EXT:',
    `LOCATION: http://${host}:${place.port}/`,
    'SERVER: Switchyard UPnP/1.1',
    `ST: ${managerTarget}`,
    `USN: uuid:${place.uuid}::${managerTarget}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const everywhere: readonly string[] = ['0.0.0.0', '::', ''];

/** The address under which the sender reaches us: one of its own network where there is one. Null: none is listened on. */
export function addressFor(sender: string, local: readonly LocalAddress[], hosts: readonly string[], near: Near): string | null {
  const family = sender.includes(':') ? 'IPv6' : 'IPv4';
  const listened = local.filter(
    ({ address, family: its }) => its === family && (hosts.some((host) => everywhere.includes(host)) || hosts.includes(address)),
  );
  const found = listened.find(({ cidr }) => cidr !== null && near(cidr, sender)) ?? listened[0];
  return found?.address ?? null;
}

/** Whether an address is in a network. */
export type Near = (cidr: string, address: string) => boolean;
