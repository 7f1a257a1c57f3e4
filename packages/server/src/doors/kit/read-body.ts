import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal, Result } from '../../domain/errors.ts';
import { refuse } from '../../domain/errors.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { BodyParser } from './http-row.ts';

/** Objects and lists inside each other in a JSON body. */
const deepest = 100;

export interface BodyLimits {
  readonly bodyLimit: number;
  readonly idleMs: number;
}

/** Whether bytes are announced at all. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Known before a byte is read: the announced length is over the limit. */
export function tooLong(request: IncomingMessage, bodyLimit: number): Refusal | null {
  const length = Number(request.headers['content-length'] ?? 0);
  return length > bodyLimit ? overLimit(bodyLimit) : null;
}

function overLimit(bodyLimit: number): Refusal {
  return { code: 'too_large', detail: `The body is larger than ${bodyLimit} bytes` };
}

/** A peer that asked for leave to send (`Expect: 100-continue`) gets it only now, when nothing stands against its body. */
export function invite(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
}

/** All bytes, in memory, up to the limit. */
export function readBytes(request: IncomingMessage, clock: Clock, limits: BodyLimits): Promise<Result<Buffer>> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    let timer: Timer = clock.after(limits.idleMs, idle);
    function settle(result: Result<Buffer>): void {
      timer.cancel();
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      resolve(result);
    }
    function idle(): void {
      settle(refuse('timeout', `The body stopped coming for ${limits.idleMs} ms`));
    }
    function onData(part: Buffer): void {
      size += part.length;
      parts.push(part);
      timer.cancel();
      if (size > limits.bodyLimit) settle({ refusal: overLimit(limits.bodyLimit) });
      else timer = clock.after(limits.idleMs, idle);
    }
    const onEnd = (): void => settle({ value: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) });
    const onGone = (): void => settle(refuse('malformed', 'The body ended before it was complete'));
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

/** What a row with this parser sees of the bytes. */
export function parseBody(parser: BodyParser, bytes: Buffer): Result<unknown> {
  if (parser === 'bytes') return { value: bytes };
  if (!isUtf8(bytes)) return refuse('malformed', 'The body is not valid UTF-8');
  const text = bytes.toString('utf8');
  return parser === 'json' ? parseJson(text) : { value: text };
}

export function parseJson(text: string): Result<unknown> {
  if (text.trim() === '') return { value: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('malformed', `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  // The name itself, or any way to write it with escapes.
  const suspicious = text.includes('__proto__') || text.includes('\\u005');
  return fine(value, deepest, suspicious) ? { value } : refuse('malformed', badShape);
}

const badShape = `The body is nested deeper than ${deepest} levels or has a field named __proto__`;

function fine(value: unknown, depth: number, suspicious: boolean): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (const one of value) if (!fine(one, depth - 1, suspicious)) return false;
    return true;
  }
  if (suspicious && Object.hasOwn(value, '__proto__')) return false;
  for (const name in value) if (!fine((value as Record<string, unknown>)[name], depth - 1, suspicious)) return false;
  return true;
}

/** What nobody has read of a body when it is answered is read and forgotten, so that the answer gets through, but not without end. */
export function discardRest(request: IncomingMessage, clock: Clock, most: { bytes: number; ms: number }): void {
  if (request.complete || request.destroyed) return;
  let left = most.bytes;
  const force = clock.after(most.ms, () => request.socket.destroy());
  request.on('data', (part: Buffer) => {
    left -= part.length;
    if (left < 0) request.socket.destroy();
  });
  request.on('close', () => force.cancel());
  request.on('error', () => {});
  request.resume();
}
