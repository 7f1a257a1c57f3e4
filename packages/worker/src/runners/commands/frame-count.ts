import { readFrames } from '@switchyard/sdk/frames.ts';

/** How many frames `--render-frame` names, such as `1,5..9`. Null: it says something else, which Blender will judge. */
export function countFrames(frames: string): number | null {
  const read = readFrames(frames);
  return 'frames' in read ? read.frames.length : null;
}
