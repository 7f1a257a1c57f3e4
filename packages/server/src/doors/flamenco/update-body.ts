import type { Readable } from 'node:stream';

/** The bytes of an update: its beginning up to the limit, its end, and how many are missing between. */
export interface UpdateBody {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly missing: number;
}

/** Whatever follows the log in an update fits in here: what is longer than the limit by less is kept whole. */
export const tailBytes = 65_536;

/** Reads all of it, however long, and keeps no more than the limit. */
export async function readUpdateBody(stream: Readable, limit: number): Promise<UpdateBody> {
  const head: Buffer[] = [];
  const tail = new Tail();
  let kept = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    const room = Math.max(0, limit - kept);
    if (room > 0) head.push(part.subarray(0, room));
    kept += Math.min(room, part.length);
    if (part.length > room) tail.add(part.subarray(room));
  }
  const bytes = tail.bytes();
  const missing = tail.length - bytes.length;
  return { head: head.length === 1 && head[0] !== undefined ? head[0] : Buffer.concat(head), tail: bytes, missing };
}

/** The last bytes of what is added, put together now and then: however small the parts, each byte is copied a few times at most. */
class Tail {
  #parts: Buffer[] = [];
  #held = 0;
  length = 0;

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#held += part.length;
    this.length += part.length;
    if (this.#held > 8 * tailBytes || this.#parts.length > 10_000) this.#parts = [this.bytes()];
    if (this.#parts.length === 1) this.#held = this.#parts[0]?.length ?? 0;
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.#parts);
    return Buffer.from(all.subarray(Math.max(0, all.length - tailBytes)));
  }
}

/** The JSON text of it; where it was too long, with the middle of its log left out. Null: it is not the log that is so long. */
export function textOfUpdate({ head, tail, missing }: UpdateBody): string | null {
  if (missing === 0) return tail.length === 0 ? head.toString('utf8') : Buffer.concat([head, tail]).toString('utf8');
  const log = openLog(head);
  const rest = log === null ? null : afterString(tail);
  if (log === null || rest === null) return null;
  const end = lastLineBreak(head, log);
  const left = head.length - end + missing + rest.skipped;
  const note = JSON.stringify(`\n[switchyard: ${left} bytes of this update were left out, it was too long]`).slice(1, -1);
  return `${head.toString('utf8', 0, end)}${note}${rest.text}`;
}

const quote = 0x22;
const backslash = 0x5c;

/** Where the string begins in which the text breaks off, if it is the member `log` of the outermost object. */
function openLog(head: Buffer): number | null {
  let depth = 0;
  let last = '';
  for (let at = 0; at < head.length; at++) {
    const byte = head[at];
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === quote) {
      const end = endOfString(head, at + 1);
      if (end === null) return depth === 1 && last === 'log' ? at + 1 : null;
      if (depth === 1 && end - at < 100) last = head.toString('latin1', at + 1, end);
      at = end;
    }
  }
  return null;
}

/** The quote that ends the string; null: it is not there. */
function endOfString(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(quote, from); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    if (backslashesBefore(bytes, at, from) % 2 === 0) return at;
  }
  return null;
}

function backslashesBefore(bytes: Buffer, at: number, from: number): number {
  let count = 0;
  while (at - count > from && bytes[at - count - 1] === backslash) count++;
  return count;
}

/** Before the last whole line of the string, so that no escape and no character is cut. */
function lastLineBreak(head: Buffer, from: number): number {
  for (let at = head.lastIndexOf('\\n'); at >= from; at = head.lastIndexOf('\\n', at - 1)) {
    if (backslashesBefore(head, at, from) % 2 === 0) return at;
    if (at === 0) break;
  }
  return from;
}

/** What follows the string in whose middle the bytes begin, its quote included. */
function afterString(tail: Buffer): { readonly text: string; readonly skipped: number } | null {
  // The backslash of the first quote may have been cut off: then the next one is the end.
  for (let at = endOfString(tail, 0), tries = 0; at !== null && tries < 3; at = endOfString(tail, at + 1), tries++) {
    const text = tail.toString('utf8', at);
    if (isJson(`{"log":"${text}`)) return { text, skipped: at };
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
