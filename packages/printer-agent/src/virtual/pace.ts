import type { VirtualClock } from './clock.ts';

const bitsPerByte = 10;

/** One direction of a serial line of so many baud (8N1): hands on what was put in when its last bit would have arrived. */
export function paced(baud: number, clock: VirtualClock, deliver: (bytes: string) => void): (bytes: string) => void {
  let freeAt = 0;
  return (bytes) => {
    const now = clock.monotonic();
    freeAt = Math.max(freeAt, now) + (bytes.length * bitsPerByte * 1_000) / baud;
    clock.after(freeAt - now, () => deliver(bytes));
  };
}
