import type { CommandContext } from './command-context.ts';
import { lineReader } from './lines.ts';

/** What Blender has written so far. */
export interface Rendered {
  frames: number;
  /** It writes movies, or frames that were there already: no picture is missing then. */
  other: boolean;
}

const saved = /\bSaved: '(.+)'/;
const frame = /(?:^|\s)Fra:\s*(-?\d+)/;

/** Reads Blender's output: pictures as they are saved, frames as they are begun. */
export function readBlender(
  context: CommandContext,
  total: number | null,
): { rendered: Rendered; seeOut: (piece: Uint8Array) => void } {
  const rendered: Rendered = { frames: 0, other: false };
  let begun: string | null = null;
  const shown = (): void => {
    if (total !== null && total > 0) context.progress(Math.min(rendered.frames, total), total, 'frames');
  };
  const seeOut = lineReader((line) => {
    const path = saved.exec(line)?.[1];
    if (path !== undefined) {
      rendered.frames += 1;
      context.produced(path);
      shown();
      return;
    }
    const now = frame.exec(line)?.[1];
    if (now !== undefined && now !== begun) {
      begun = now;
      context.frame(now);
    } else if (/^Append frame|skipping existing frame/i.test(line)) rendered.other = true;
  });
  shown();
  return { rendered, seeOut };
}
