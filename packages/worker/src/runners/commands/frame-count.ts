/** How many frames `--render-frame` names, such as `1,5..9`. Null: it says something else. */
export function countFrames(frames: string): number | null {
  let count = 0;
  for (const word of frames.split(',')) {
    const match = /^\s*(-?\d+)(?:\.\.(-?\d+))?\s*$/.exec(word);
    if (match === null) return null;
    const first = Number(match[1]);
    count += (match[2] === undefined ? first : Number(match[2])) - first + 1;
  }
  return count > 0 ? count : null;
}
