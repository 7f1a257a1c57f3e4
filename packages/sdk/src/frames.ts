/** Frames as people write them, and as Blender reads them (flamenco §6.2). Pure, and without a schema: cheap to load. */

/** Blender's own bounds. */
const lowest = -1_048_574;
const highest = 1_048_574;
const longestText = 100_000;
const mostFrames = 1_000_000;

const part = /^(-?\d{1,7})(?:\s*(?:-|\.\.)\s*(-?\d{1,7}))?$/;

export type FramesRead =
  | { readonly frames: readonly number[] }
  /** What is wrong, one sentence. */
  | { readonly wrong: string; readonly tooMany: boolean };

const wrong = (text: string): FramesRead => ({ wrong: text, tooMany: false });

/** `1,3-5,8..10`, `-5--1`: sorted, without doubles. */
export function readFrames(text: string): FramesRead {
  if (text.trim() === '') return wrong('There are no frames; write them like 1-240 or 1,3-5,8');
  if (text.length > longestText) return { wrong: `frames has more than ${longestText} characters`, tooMany: true };
  const ranges: Range[] = [];
  for (const word of text.split(',')) {
    const range = rangeOf(word.trim());
    if (typeof range === 'string') return wrong(range);
    ranges.push(range);
  }
  const merged = mergedRanges(ranges);
  const count = merged.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (count > mostFrames) return { wrong: `A job may have ${mostFrames} frames; this one has ${count}`, tooMany: true };
  const frames: number[] = [];
  for (const { first, last } of merged) for (let frame = first; frame <= last; frame++) frames.push(frame);
  return { frames };
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** In order, none touching another. */
function mergedRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1) merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

function rangeOf(word: string): Range | string {
  const match = part.exec(word);
  if (match === null) {
    const what = word === '' ? 'There is nothing between two commas' : `"${word.slice(0, 50)}" is neither a frame nor a range`;
    return `${what}; write frames like 1-240 or 1,3-5,8`;
  }
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first) return `The range ${word} is empty: it ends before it begins`;
  if (first < lowest || last > highest) return `${word} has frames that Blender does not: they go from ${lowest} to ${highest}`;
  return { first, last };
}

/** Runs of `size` of the sorted frames. */
export function chunksOf(frames: readonly number[], size: number): (readonly number[])[] {
  const chunks: (readonly number[])[] = [];
  for (let i = 0; i < frames.length; i += size) chunks.push(frames.slice(i, i + size));
  return chunks;
}

/** Consecutive frames as `[first, last]`. */
export function runsOf(frames: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === frame - 1) run[1] = frame;
    else runs.push([frame, frame]);
  }
  return runs;
}

/** The frames as text; only three in a row and more become a range: `1,2`, `1-3`; for Blender with `..`. */
export function framesText(frames: readonly number[], between: '-' | '..'): string {
  return runsOf(frames)
    .map(([first, last]) => {
      if (last - first >= 2) return `${first}${between}${last}`;
      return first === last ? String(first) : `${first},${last}`;
    })
    .join(',');
}
