import type { Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';

/** Every open connection of the listener, so that closing leaves none behind. */
export class Sockets {
  readonly #open = new Set<Socket>();
  #onEmpty: (() => void) | null = null;

  get count(): number {
    return this.#open.size;
  }

  add(socket: Socket): void {
    this.#open.add(socket);
    // Nobody may bring the process down by hanging up at the wrong moment; whoever takes the socket over listens too.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#onEmpty?.();
    });
  }

  /** Waits until all have ended, at most `ms`; then those that are left are cut off. */
  async drain(clock: Clock, ms: number): Promise<void> {
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const force = clock.after(ms, () => {
      for (const socket of this.#open) socket.destroy();
    });
    await empty;
    force.cancel();
  }
}
