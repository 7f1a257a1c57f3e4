import type { Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { KitLimits } from './limits.ts';

/** Takes over connections whose first non-blank byte is its own. `first`: all that was read, blanks in front dropped. */
export interface Taker {
  readonly name: string;
  takes(byte: number): boolean;
  take(socket: Socket, first: Buffer): void;
}

/** HTTP methods are letters. */
export const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Reads until the first byte that is not blank and hands the connection, paused, to whom it belongs. Silence, too many blanks
 * or a byte that is nobody's: closed without a word, since no protocol is known in which to say one.
 */
export function sortByFirstByte(
  socket: Socket,
  takers: readonly Taker[],
  clock: Clock,
  limits: Pick<KitLimits, 'silentMs' | 'blanks'>,
  onSorted: () => void = () => {},
): void {
  let blanks = 0;
  const silent = clock.after(limits.silentMs, () => socket.destroy());
  const gone = (): void => {
    silent.cancel();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    const at = chunk.findIndex((byte) => !isBlank(byte));
    blanks += at < 0 ? chunk.length : at;
    const byte = chunk[at];
    if (blanks > limits.blanks) gone();
    if (blanks > limits.blanks || byte === undefined) return;
    silent.cancel();
    socket.removeListener('data', onData);
    socket.removeListener('end', gone);
    socket.removeListener('close', gone);
    socket.pause();
    onSorted();
    const taker = takers.find((one) => one.takes(byte));
    if (taker === undefined) socket.destroy();
    else taker.take(socket, at === 0 ? chunk : chunk.subarray(at));
  };
  socket.on('data', onData);
  socket.on('end', gone);
  socket.on('close', gone);
}
