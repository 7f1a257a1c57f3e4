import type { Socket } from 'node:net';

/** What went through one door since the start. */
export interface DoorTraffic {
  readonly door: string;
  readonly requests: number;
  /** HTTP status from 400 on -> how often. */
  readonly refusals: ReadonlyMap<number, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface Tally {
  requests: number;
  readonly refusals: Map<number, number>;
  bytesIn: number;
  bytesOut: number;
}

interface Seen {
  door: string;
  read: number;
  written: number;
}

/**
 * Bytes, requests and refusals per door. A connection belongs to the door that it was last used for; its bytes are added when it
 * changes hands, ends, or somebody wants to know. A request on a connection of the same door costs one look-up.
 */
export class Traffic {
  readonly #tallies = new Map<string, Tally>();
  readonly #open = new Map<Socket, Seen>();

  uses(socket: Socket, door: string): void {
    const seen = this.#open.get(socket);
    if (seen?.door === door) return;
    if (seen !== undefined) {
      this.#settle(socket, seen);
      seen.door = door;
      return;
    }
    const fresh: Seen = { door, read: 0, written: 0 };
    this.#open.set(socket, fresh);
    socket.once('close', () => {
      this.#settle(socket, fresh);
      this.#open.delete(socket);
    });
  }

  answered(door: string, status: number): void {
    const tally = this.#of(door);
    tally.requests += 1;
    if (status >= 400) tally.refusals.set(status, (tally.refusals.get(status) ?? 0) + 1);
  }

  read(): DoorTraffic[] {
    for (const [socket, seen] of this.#open) this.#settle(socket, seen);
    return [...this.#tallies].map(([door, tally]) => ({ door, ...tally }));
  }

  #settle(socket: Socket, seen: Seen): void {
    const tally = this.#of(seen.door);
    const { bytesRead, bytesWritten } = socket;
    tally.bytesIn += bytesRead - seen.read;
    tally.bytesOut += bytesWritten - seen.written;
    seen.read = bytesRead;
    seen.written = bytesWritten;
  }

  #of(door: string): Tally {
    const known = this.#tallies.get(door);
    if (known !== undefined) return known;
    const made: Tally = { requests: 0, refusals: new Map(), bytesIn: 0, bytesOut: 0 };
    this.#tallies.set(door, made);
    return made;
  }
}
