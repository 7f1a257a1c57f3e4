import { type Environment, findProgram } from '../find-program.ts';
import { commands } from './commands/commands.ts';
import { noop } from './noop.ts';
import { oxdna } from './oxdna/oxdna.ts';
import { aboutOxdna, findOxdna } from './oxdna/program.ts';
import type { Runner } from './runner.ts';
import { shell } from './shell.ts';

export interface RunnerRow {
  readonly runner: Runner;
  /** Offered without being asked for: always, or where what it needs is found on this machine. */
  readonly byDefault: boolean | ((environment: Environment) => boolean);
  /** For people who look at the worker: which program, of which version. */
  readonly about?: (environment: Environment) => Promise<Readonly<Record<string, unknown>>>;
}

function needing(program: string): Pick<RunnerRow, 'byDefault' | 'about'> {
  return {
    byDefault: (environment) => findProgram(program, environment) !== null,
    about: async (environment) => ({ [program]: findProgram(program, environment) }),
  };
}

/** Every kind of task that this worker can run. */
export const runners: Readonly<Record<string, RunnerRow>> = {
  shell: { runner: shell, byDefault: true },
  noop: { runner: noop, byDefault: false },
  oxdna: { runner: oxdna, byDefault: (environment) => findOxdna(environment) !== null, about: aboutOxdna },
  // The task types of a render farm (flamenco §6.3): one family, told apart by what a machine needs for them.
  sleep: { runner: commands, byDefault: true },
  debug: { runner: commands, byDefault: true },
  'file-management': { runner: commands, byDefault: true },
  'blender-render': { runner: commands, ...needing('blender') },
  'exr-merge': { runner: commands, ...needing('blender') },
  'video-encoding': { runner: commands, ...needing('ffmpeg') },
};

export function defaultKinds(environment: Environment): readonly string[] {
  const offered = ({ byDefault }: RunnerRow) => (typeof byDefault === 'boolean' ? byDefault : byDefault(environment));
  return Object.entries(runners).flatMap(([kind, row]) => (offered(row) ? [kind] : []));
}

/** What the runners of these kinds say of this machine. */
export async function aboutRunners(kinds: readonly string[], environment: Environment): Promise<Record<string, unknown>> {
  const said = await Promise.all(kinds.map(async (kind) => runners[kind]?.about?.(environment) ?? {}));
  return Object.assign({}, ...said);
}
