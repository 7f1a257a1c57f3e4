import { readFrames } from '@switchyard/sdk/frames.ts';
import { type Result, refuse } from '../domain/errors.ts';

/** The frames of a request, sorted and without doubles (flamenco §6.2). */
export function parseFrames(text: string, at: string): Result<readonly number[]> {
  const read = readFrames(text);
  return 'frames' in read ? { value: read.frames } : refuse(read.tooMany ? 'too_large' : 'invalid', read.wrong, at);
}
