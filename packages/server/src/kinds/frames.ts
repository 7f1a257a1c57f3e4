import { type Result, refuse } from '../domain/errors.ts';

/** Blender's own bounds. */
const lowest = -1_048_574;
const highest = 1_048_574;
const longestText = 100_000;
const mostFrames = 1_000_000;

const part = /^(-?\d{1,7})(?:\s*(?:-|\.\.)\s*(-?\d{1,7}))?$/;

/** What people write for frames, sorted and without doubles: `1,3-5,8..10`, `-5--1` (flamenco §6.2). */
export function parseFrames(text: string, at: string): Result<readonly number[]> {
  if (text.trim() === '') return refuse('invalid', 'There are no frames; write them like 1-240 or 1,3-5,8', at);
  if (text.length > longestText) return refuse('too_large', `frames has more than ${longestText} characters`, at);
  const frames = new Set<number>();
  for (const word of text.split(',')) {
    const range = rangeOf(word.trim(), at);
    if (range.refusal !== undefined) return range;
    const [first, last] = range.value;
    for (let frame = first; frame <= last; frame++) frames.add(frame);
    if (frames.size > mostFrames) return refuse('too_large', `A job may have ${mostFrames} frames; ${text} has more`, at);
  }
  return { value: [...frames].sort((a, b) => a - b) };
}

function rangeOf(word: string, at: string): Result<readonly [number, number]> {
  const match = part.exec(word);
  if (match === null) {
    const what = word === '' ? 'There is nothing between two commas' : `"${word.slice(0, 50)}" is neither a frame nor a range`;
    return refuse('invalid', `${what}; write frames like 1-240 or 1,3-5,8`, at);
  }
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first) return refuse('invalid', `The range ${word} is empty: it ends before it begins`, at);
  if (first < lowest || last > highest) {
    return refuse('invalid', `${word} has frames that Blender does not: they go from ${lowest} to ${highest}`, at);
  }
  return { value: [first, last] };
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

/** The frames as text; only three in a row and more become a range: `1,2`, `1-3`; for Blender with `..` (flamenco §6.2). */
export function framesText(frames: readonly number[], between: '-' | '..'): string {
  return runsOf(frames)
    .map(([first, last]) => {
      if (last - first >= 2) return `${first}${between}${last}`;
      return first === last ? String(first) : `${first},${last}`;
    })
    .join(',');
}
