import { createHash } from 'node:crypto';

export interface UsbFacts {
  readonly vendor: string;
  readonly product: string;
  readonly serial: string;
}

export interface Seen {
  readonly path: string;
  /** Null: not known, or the printer is switched off just now. */
  readonly usb: UsbFacts | null;
}

/**
 * The id of the printer at each port, and all that is to be kept (key -> id). A printer is known by its USB serial number,
 * else by its port (printerlynx §4); the port is remembered too, so that a printer that is off at the start is known again.
 * Many cheap boards share one serial number: those go by their port.
 */
export function identify(
  ports: readonly Seen[],
  kept: Readonly<Record<string, string>>,
  random: () => string,
): { readonly ids: readonly string[]; readonly keep: Readonly<Record<string, string>> } {
  const keep: Record<string, string> = { ...kept };
  const ids = new Map<Seen, string>();
  const used = new Set<string>();
  const free = (id: string | undefined) => (id === undefined || used.has(id) ? undefined : id);
  const give = (port: Seen, id: string, ...keys: readonly string[]) => {
    ids.set(port, id);
    used.add(id);
    for (const key of keys) keep[key] = id;
  };
  // Those that are known for certain first: they take their ids along to other ports.
  for (const port of ports) {
    const serial = serialKey(port.usb);
    const id = serial === null ? undefined : free(kept[serial]);
    if (serial !== null && id !== undefined) give(port, id, serial, portKey(port));
  }
  for (const port of ports) {
    if (ids.has(port)) continue;
    const known = free(kept[portKey(port)]);
    const serial = serialKey(port.usb);
    if (serial === null || keep[serial] !== undefined) give(port, known ?? random(), portKey(port));
    else give(port, (isOthers(known, kept) ? undefined : known) ?? idOf(serial), serial, portKey(port));
  }
  return { ids: ports.map((port) => ids.get(port) ?? random()), keep };
}

const portKey = ({ path }: Seen): string => `port:${path}`;

function serialKey(usb: UsbFacts | null): string | null {
  return usb === null || !isOwn(usb.serial) ? null : `usb:${usb.vendor}:${usb.product}:${usb.serial}`;
}

/** A printer with another serial number has it. */
function isOthers(id: string | undefined, kept: Readonly<Record<string, string>>): boolean {
  return Object.entries(kept).some(([key, other]) => other === id && key.startsWith('usb:'));
}

/** Long enough and not the kind that comes with the chip (`0001`, `0000000000`, `123456789`). */
function isOwn(serial: string): boolean {
  return serial.length >= 6 && new Set(serial).size >= 4 && !'0123456789ABCDEF0123456789'.includes(serial.toUpperCase());
}

/** Of a serial number always the same, so that it survives a new installation. */
function idOf(key: string): string {
  const hash = createHash('sha256').update(`switchyard printer ${key}`).digest();
  // The form of a version 4 UUID: others are no ids on this wire.
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x40;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
