import { chunksOf, framesText, readFrames } from '@switchyard/sdk/frames.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const frames = (text: string): readonly number[] | string => {
  const read = readFrames(text);
  return 'frames' in read ? read.frames : read.wrong;
};

describe('frames (flamenco §6.2)', () => {
  it('frames and ranges, sorted, without doubles, blanks trimmed', () => {
    expect(frames('1,3-5,8')).toEqual([1, 3, 4, 5, 8]);
    expect(frames(' 8 , 3 .. 5,1, 4-6 ')).toEqual([1, 3, 4, 5, 6, 8]);
    expect(frames('0')).toEqual([0]);
    expect(frames('5-7,1-9,3,9-10,12')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]);
  });

  it('negative frames too', () => {
    expect(frames('-5--3,-1..1')).toEqual([-5, -4, -3, -1, 0, 1]);
    expect(frames('-3')).toEqual([-3]);
  });

  it('says what is wrong', () => {
    expect(frames('')).toContain('no frames');
    expect(frames('1,,2')).toContain('between two commas');
    expect(frames('1-2-3')).toContain('"1-2-3" is neither');
    expect(frames('a')).toContain('"a" is neither');
    expect(frames('1.5')).toContain('neither');
    expect(frames('5-3')).toContain('empty');
    expect(frames('1-1048575')).toContain('Blender does not');
    expect(frames('-1048574-0')).toContain('may have 1000000 frames');
    expect(frames('-1048575')).toContain('Blender does not');
    expect(frames('1-1000000')).toHaveLength(1_000_000);
    expect(frames('1'.repeat(100_001))).toContain('characters');
  });

  it('a range only from three in a row', () => {
    expect(framesText([1, 2], '-')).toBe('1,2');
    expect(framesText([1, 2, 3], '-')).toBe('1-3');
    expect(framesText([1, 5, 6, 7, 8, 9], '..')).toBe('1,5..9');
    expect(framesText([-3, -2, -1], '..')).toBe('-3..-1');
    expect(framesText([], '-')).toBe('');
  });

  it('what is written is read again, and chunks are all of it in order', () => {
    const some = fc.uniqueArray(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 20 }), fc.constantFrom('-' as const, '..' as const), (list, size, between) => {
        const sorted = [...list].sort((a, b) => a - b);
        expect(frames(framesText(sorted, between))).toEqual(sorted);
        const chunks = chunksOf(sorted, size);
        expect(chunks.flat()).toEqual(sorted);
        expect(chunks.every((chunk, i) => chunk.length === size || i === chunks.length - 1)).toBe(true);
      }),
    );
  });
});
