import type { Principal } from '../../domain/principal.ts';
import type { LogPlace, TaskLogs } from '../../engine/engine.ts';

const piece = 262_144;

/** A log up to `length`, piece by piece; where the middle is no longer kept one line says how much is missing. */
export async function* readWholeLog(logs: TaskLogs, by: Principal, at: LogPlace, length: number): AsyncGenerator<Buffer> {
  let shown = 0;
  for (let start = 0; start < length; start += piece) {
    const read = await logs.read(by, at, { start, end: Math.min(length, start + piece) });
    if (read.refusal !== undefined) return;
    for (const part of read.value.parts) {
      if (part.offset > shown) yield missingLine(part.offset - shown);
      yield Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.byteLength);
      shown = part.offset + part.bytes.length;
    }
  }
  if (shown < length) yield missingLine(length - shown);
}

const missingLine = (bytes: number): Buffer => Buffer.from(`\n[switchyard: ${bytes} bytes in the middle were not kept]\n`);
