import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameReader, type Frame, type FrameFault, type FrameOptions } from '../../src/doors/kueue/frames.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

function read(chunks: readonly (string | Uint8Array)[], options: Partial<FrameOptions> = {}) {
  const frames: Frame[] = [];
  let fault: FrameFault | null = null;
  const reader = createFrameReader({
    limit: () => 65_536,
    depth: 128,
    streamFrom: 1e9,
    frame: (frame) => frames.push(frame),
    ...options,
  });
  for (const chunk of chunks) fault ??= reader.push(Buffer.from(chunk as string));
  return { frames, texts: frames.map(({ bytes }) => bytes.toString()), fault, reader };
}

/** Every way to cut a text in two, and a byte at a time. */
function* cuts(text: string): Iterable<Uint8Array[]> {
  const bytes = Buffer.from(text);
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield [...bytes].map((byte) => Uint8Array.of(byte));
}

describe('frames (kueue §1)', () => {
  test('values back to back, with and without blanks, survive any split', () => {
    const values = [
      '"HelloFromClient"',
      '{"a":"}{\\"[]\\\\"}',
      '{"AuthChallenge":{"salt":"x\\\\"}}',
      '"\\""',
      '"\\\\"',
      '{"k":[1,{"é😀":"\\u00e9\\\\\\""}],"l":{}}',
      '""',
    ];
    for (const text of [values.join(''), values.join(' \r\n\t'), ` ${values.join('')}`]) {
      for (const chunks of cuts(text)) expect(read(chunks)).toMatchObject({ texts: values, fault: null });
    }
  });

  test('seeded: random JSON in random pieces comes out as it went in', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 })),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), fc.nat(), (list, seed) => {
        const texts = list.map((one) => JSON.stringify(one));
        const bytes = Buffer.from(texts.join(seed % 2 === 0 ? '' : '\n'));
        const random = createSeededRandom(seed);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const n = 1 + random.below(seed % 3 === 0 ? 3 : 40);
          chunks.push(bytes.subarray(at, at + n));
          at += n;
        }
        expect(read(chunks)).toMatchObject({ texts, fault: null });
      }),
      { seed: 11_236, numRuns: 300 },
    );
  });

  test('seeded: garbage never throws, and after a fault nothing is read', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 20 }), (chunks) => {
        const { frames, fault, reader } = read(chunks);
        if (fault === null) return;
        const before = frames.length;
        reader.push(Buffer.from('"Bye"'));
        expect(frames.length).toBe(before);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test.each(['1', 'true', '[', '}', 'GET / HTTP/1.1', '\u0000', '\ufeff"a"'])('%j begins no value', (text) => {
    expect(read([text])).toMatchObject({ texts: [], fault: 'garbage' });
  });

  test('the limit: a value of exactly that size passes, one byte more does not', () => {
    const value = `"${'x'.repeat(98)}"`;
    expect(read([value], { limit: () => 100 }).texts).toHaveLength(1);
    for (const chunks of [[`${value.slice(0, -1)}x"`], [...`${value.slice(0, -1)}x"`]]) {
      expect(read(chunks, { limit: () => 100 })).toMatchObject({ texts: [], fault: 'too_large' });
    }
  });

  test('the limit is looked at for each value: it may change in the middle of a chunk', () => {
    let limit = 20;
    const texts: string[] = [];
    const frame = ({ bytes }: Frame): void => {
      texts.push(bytes.toString());
      limit = 40;
    };
    const { fault } = read([`"short"${`"${'x'.repeat(30)}"`}`], { limit: () => limit, frame });
    expect([texts.length, fault]).toEqual([2, null]);
  });

  test('nesting: 128 levels pass, 129 do not, and a bomb costs nothing', () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
    expect(read([nested(128)]).texts).toHaveLength(1);
    expect(read([nested(129)])).toMatchObject({ texts: [], fault: 'too_deep' });
    expect(read(['{"a":', '['.repeat(60_000)])).toMatchObject({ fault: 'too_deep' });
  });

  test('what a number hides is told: points, exponents, signs, more digits than a double holds', () => {
    const odd = (text: string): boolean => read([text]).frames[0]!.odd;
    for (const text of [
      '{"a":7.0}',
      '{"a":7e0}',
      '{"a":7E0}',
      '{"a":-7}',
      '{"a":1234567890123456}',
      '{"a":18446744073709551615}',
    ]) {
      expect([text, odd(text)]).toEqual([text, true]);
    }
    for (const text of ['{"a":7,"b":true,"c":false,"d":null}', '{"a":"1.5e9-12345678901234567890"}', '{"a":123456789012345}']) {
      expect([text, odd(text)]).toEqual([text, false]);
    }
    for (const chunks of cuts('{"a":12345678901234567}')) expect(read(chunks).frames[0]!.odd).toBe(true);
  });

  test('colons outside strings are counted', () => {
    for (const chunks of cuts('{"a:":{"b":":"},"c":[{"d":1}]}')) expect(read(chunks).frames[0]!.colons).toBe(4);
  });

  test('stopping in the middle of a chunk drops its rest', () => {
    const texts: string[] = [];
    const reader = createFrameReader({
      limit: () => 100,
      depth: 8,
      streamFrom: 1e9,
      frame: ({ bytes }) => {
        texts.push(bytes.toString());
        reader.stop();
      },
    });
    reader.push(Buffer.from('"Bye""HelloFromClient"'));
    expect(texts).toEqual(['"Bye"']);
  });

  test('a long value goes to whoever takes it, from its first byte to its last, and the next is a frame again', () => {
    const long = `{"UpdateJobResults":${JSON.stringify({ t: 'x"\\'.repeat(50) })}}`;
    for (const chunks of cuts(`"a"${long}"b"`)) {
      const got: Buffer[] = [];
      let ends = 0;
      const taken: string[] = [];
      const { texts, fault } = read(chunks, {
        limit: () => 60,
        streamFrom: 40,
        long: (beginning) => {
          taken.push(beginning.toString().slice(0, 20));
          return { write: (bytes) => void got.push(Buffer.from(bytes)), end: () => void ends++ };
        },
      });
      expect({ texts, fault, ends }).toEqual({ texts: ['"a"', '"b"'], fault: null, ends: 1 });
      expect(Buffer.concat(got).toString()).toBe(long);
      expect(taken).toEqual(['{"UpdateJobResults":']);
    }
  });

  test('a long value that nobody takes is asked about once and meets the limit', () => {
    let asked = 0;
    const long = (): null => {
      asked++;
      return null;
    };
    const options = { limit: () => 1_000, streamFrom: 40, long };
    expect(read([...`"${'x'.repeat(900)}"`], options).texts).toHaveLength(1);
    expect(asked).toBe(1);
    expect(read([`"${'x'.repeat(2_000)}"`], options).fault).toBe('too_large');
  });

  test('time grows with the size and not faster, however small the pieces', () => {
    // Counted in reads of bytes, not in seconds: each byte is handed to the accumulator once, doubling its room log n times.
    const value = Buffer.from(`"${'\\\\'.repeat(200_000)}"`);
    const { texts } = read(
      [...value].map((byte) => Uint8Array.of(byte)),
      { limit: () => 1e6 },
    );
    expect(texts[0]?.length).toBe(400_002);
  });
});
