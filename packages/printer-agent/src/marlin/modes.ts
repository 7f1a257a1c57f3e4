import { wordOf } from './lines.ts';

/** What a print has told the printer so far, as far as a pause must give it back (printerlynx §6.2.6). */
export interface Modes {
  /** G90, G91. */
  readonly relative: boolean;
  /** M82, M83; G90 and G91 set it too. */
  readonly relativeE: boolean;
  /** mm/min of the last move that named one. */
  readonly feed: number | null;
  /** Positions mean something. */
  readonly homed: boolean;
  /** Minutes that the file itself says are left (M73 R). */
  readonly minutesLeft: number | null;
}

export const firstModes: Modes = { relative: false, relativeE: false, feed: null, homed: false, minutesLeft: null };

export function modesAfter(modes: Modes, command: string): Modes {
  switch (wordOf(command)) {
    case 'G0':
    case 'G1':
    case 'G2':
    case 'G3':
      return withFeed(modes, command);
    case 'G28':
      return modes.homed ? modes : { ...modes, homed: true };
    case 'G90':
      return { ...modes, relative: false, relativeE: false };
    case 'G91':
      return { ...modes, relative: true, relativeE: true };
    case 'M82':
      return { ...modes, relativeE: false };
    case 'M83':
      return { ...modes, relativeE: true };
    case 'M73':
      return withMinutes(modes, command);
    default:
      return modes;
  }
}

function withFeed(modes: Modes, command: string): Modes {
  const at = command.search(/F/i);
  if (at < 0) return modes;
  const feed = Number.parseFloat(command.slice(at + 1));
  return Number.isFinite(feed) && feed > 0 && feed !== modes.feed ? { ...modes, feed } : modes;
}

function withMinutes(modes: Modes, command: string): Modes {
  const left = /\bR(\d{1,6})\b/i.exec(command);
  return left === null ? modes : { ...modes, minutesLeft: Number(left[1]) };
}
