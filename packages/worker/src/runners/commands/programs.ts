import { findProgram } from '../../find-program.ts';
import type { CommandContext } from './command-context.ts';
import { splitWords } from './split-words.ts';
import { refusal, type Trouble } from './trouble.ts';

type Program = { readonly words: readonly string[] } | { readonly trouble: Trouble };

/** The words of `blender_cmd` or `ffmpeg_cmd`: a program by its path, or found on this worker's PATH, and its arguments. */
export function programOf(what: string, line: string, { worker, environment }: CommandContext): Program {
  const [name = '', ...rest] = splitWords(line) ?? [];
  const path = findProgram(name, environment);
  if (path !== null) return { words: [path, ...rest] };
  const unknown = /^\{.*\}$/.test(name) ? ' (no variable of this name is set for its platform)' : '';
  const why = /[\\/]/.test(name)
    ? `there is no program ${name} on ${worker}`
    : `${name || '(nothing)'} is not on the PATH of ${worker}`;
  return { trouble: { reason: 'start', error: `${what}: ${why}${unknown}` } };
}

/** A sentence for a file that this worker does not see. */
export function notSeen(what: string, path: string, worker: string): Trouble {
  return refusal(`${worker} does not see ${what} ${path}: is its folder mounted there, under the same name?`);
}
