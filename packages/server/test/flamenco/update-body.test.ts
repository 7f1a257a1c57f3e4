import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUpdate } from '../../src/doors/flamenco/read-update.ts';
import { readUpdateBody, tailBytes, textOfUpdate } from '../../src/doors/flamenco/update-body.ts';

/** Reads a body in pieces, as the network cuts it. */
async function read(body: string, limit: number, cut: number) {
  const bytes = Buffer.from(body);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cut) parts.push(bytes.subarray(at, at + cut));
  return textOfUpdate(await readUpdateBody(Readable.from(parts), limit));
}

describe('a task update that is too long', () => {
  it('keeps whole lines of its log and everything else, wherever it is cut', async () => {
    const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ' '));
    const shape = fc.record({
      lines: fc
        .array(line, { minLength: 5, maxLength: 30 })
        .map((some) => Array.from({ length: 4_000 }, (_, i) => `${i} a line of output ${some[i % some.length]}`)),
      before: fc.string({ unit: 'binary', maxLength: 30 }),
      after: fc.string({ unit: 'binary', maxLength: 30 }),
      limit: fc.integer({ min: 200, max: 4_000 }),
      cut: fc.constantFrom(700, 4_096, 65_536),
      ascii: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ lines, before, after, limit, cut, ascii }) => {
        const update = { activity: before, log: lines.join('\n'), task_status: 'completed', further: after };
        const plain = JSON.stringify(update);
        // Python writes other characters as escapes.
        const body = ascii ? plain.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`) : plain;
        const text = await read(body, limit, cut);
        expect(text).not.toBeNull();
        expect(Buffer.byteLength(text!)).toBeLessThan(limit + tailBytes + 200);
        const got = JSON.parse(text!) as { log: string; activity: string; further: string };
        const sound = (value: string): string => (ascii ? value : value.toWellFormed());
        expect([got.activity, got.further]).toEqual([sound(before), sound(after)]);
        const kept = got.log.split('\n');
        expect(kept.at(-1)).toMatch(/^\[switchyard: \d+ bytes of this update were left out, it was too long\]$/);
        expect(kept.slice(0, -1)).toEqual(lines.slice(0, kept.length - 1).map(sound));
        expect(readUpdate(text!, 100).value).toMatchObject({ status: 'completed' });
      }),
      { numRuns: 4, endOnFailure: true },
    );
  }, 20_000);

  it('a log without line breaks is left out as a whole', async () => {
    const text = await read(JSON.stringify({ log: 'x'.repeat(200_000), task_status: 'failed' }), 1_000, 777);
    expect(JSON.parse(text!)).toMatchObject({ task_status: 'failed', log: expect.stringMatching(/^\n\[switchyard: \d+ bytes/) });
  });

  it.each([
    ['another member is long', { activity: 'x'.repeat(200_000), log: 'y' }],
    ['the log of something inside', { deep: { log: 'x'.repeat(200_000) } }],
    ['a list', ['log', 'x'.repeat(200_000)]],
  ])('nothing is made of it when %s', async (_, body) => {
    expect(await read(JSON.stringify(body), 1_000, 5_000)).toBeNull();
  });

  it('garbage stays garbage', async () => {
    expect(await read(`{"log":"${'x'.repeat(200_000)}`, 1_000, 5_000)).toBeNull();
    expect(await read('"'.repeat(200_001), 1_000, 5_000)).toBeNull();
    expect(await read('\\'.repeat(200_000), 1_000, 5_000)).toBeNull();
  });
});
