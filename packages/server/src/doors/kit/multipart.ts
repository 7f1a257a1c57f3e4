import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';

/** One part of a multipart body, in the order in which they come. It must be read before the next one is asked for. */
export interface Part {
  readonly field: string;
  /** Last component of what the client said; null: it said none. */
  readonly filename: string | null;
  readonly bytes: Readable;
}

export class MalformedMultipart extends Error {}

const limits = { fieldNameSize: 200, fields: 0, parts: 1_000, headerPairs: 50, headerSize: 16_384 };

export const isMultipart = (contentType: string | undefined): boolean =>
  /^multipart\/form-data\b/i.test(contentType?.trim() ?? '');

/** The parts of a body. Throws `MalformedMultipart`; what ends early throws too. */
export async function* multipartParts(body: Readable, contentType: string): AsyncGenerator<Part, void> {
  const ready: Part[] = [];
  const open = new Set<Readable>();
  const state: { ended: Error | 'complete' | null } = { ended: null };
  let wake = (): void => {};
  const settle = (how: Error | 'complete'): void => {
    state.ended ??= how;
    // Whoever reads a part that will not end must not wait for it.
    if (how !== 'complete') for (const bytes of open) bytes.destroy(how);
    wake();
  };
  const busboy = parser(contentType);
  busboy.on('file', (field, bytes, filename) => {
    // Its own end is told by the parser's.
    bytes.on('error', () => {});
    open.add(bytes);
    bytes.on('end', () => open.delete(bytes));
    ready.push({ field, filename: filename || null, bytes });
    wake();
  });
  busboy.on('partsLimit', () => settle(new MalformedMultipart(`There are more than ${limits.parts} parts`)));
  busboy.on('error', (error) => settle(new MalformedMultipart(`The body is not multipart: ${String(error)}`)));
  busboy.on('finish', () => settle('complete'));
  body.on('error', (error: Error) => settle(error));
  body.on('close', () => {
    if (!body.readableEnded) settle(new MalformedMultipart('The body ended before it was complete'));
  });
  body.pipe(busboy);
  try {
    for (;;) {
      const part = ready.shift();
      if (part !== undefined) {
        yield part;
        part.bytes.resume();
      } else if (state.ended instanceof Error) throw state.ended;
      else if (state.ended === 'complete') return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    body.unpipe(busboy);
    for (const { bytes } of ready) bytes.resume();
    busboy.destroy();
  }
}

function parser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType } as BusboyHeaders,
      limits,
      // Whether a part has a file name or not: its bytes are never held in memory.
      isPartAFile: () => true,
    });
  } catch (error) {
    throw new MalformedMultipart((error as Error).message);
  }
}
