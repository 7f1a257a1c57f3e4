/** Counts the connections of a door, in all and per address. */
export class ConnectionCaps {
  readonly #perAddress: number;
  readonly #total: number;
  readonly #by = new Map<string, number>();
  #count = 0;

  constructor(limits: { readonly perAddress: number; readonly total: number }) {
    this.#perAddress = limits.perAddress;
    this.#total = limits.total;
  }

  get count(): number {
    return this.#count;
  }

  /** False: full, in all or for this address. A true must be followed by one `leave`. */
  enter(address: string): boolean {
    const present = this.#by.get(address) ?? 0;
    if (this.#count >= this.#total || present >= this.#perAddress) return false;
    this.#by.set(address, present + 1);
    this.#count++;
    return true;
  }

  leave(address: string): void {
    const present = this.#by.get(address) ?? 0;
    if (present <= 1) this.#by.delete(address);
    else this.#by.set(address, present - 1);
    if (present > 0) this.#count--;
  }
}

/** The peer's address, an IPv4 one always in its short form. */
export function addressOf(socket: { readonly remoteAddress?: string | undefined }): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
