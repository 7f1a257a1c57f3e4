import type { Principal } from '../../../domain/principal.ts';
import type { LogPlace } from '../../../engine/engine.ts';
import type { Desk } from '../desk.ts';

const pieceBytes = 131_072;

/** A log's first `length` bytes as text in pieces that end between characters; what is missing in the middle is named. */
export async function* logText(desk: Desk, by: Principal, place: LogPlace, length: number): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  let step = pieceBytes;
  while (at < length) {
    const end = Math.min(length, at + step);
    const read = await desk.engine.logs.read(by, place, { start: at, end });
    if (read.refusal !== undefined) break;
    const [part] = read.value.parts;
    if (part === undefined) {
      // Nothing of this stretch was kept: look further at once, the hole may be large.
      if (end === length) {
        yield decoder.decode() + cutNote(length - at);
        return;
      }
      step *= 2;
      continue;
    }
    if (part.offset > at) yield decoder.decode() + cutNote(part.offset - at);
    const bytes = part.bytes.subarray(0, pieceBytes);
    yield decoder.decode(bytes, { stream: true });
    at = part.offset + bytes.length;
    step = pieceBytes;
  }
  yield decoder.decode();
}

const cutNote = (bytes: number): string => `\n[switchyard: ${bytes} bytes in the middle were not kept]\n`;
