import type { Environment } from '../../find-program.ts';
import type { System } from '../../system.ts';
import type { RunContext, SpawnCommand } from '../runner.ts';
import { LatestImage } from './latest-image.ts';
import { refusal, type Trouble } from './trouble.ts';

/** Which of the task's commands this is. */
export interface Step {
  readonly index: number;
  readonly total: number;
  readonly name: string;
}

/** What a command may do. */
export interface CommandContext {
  readonly worker: string;
  readonly environment: Environment;
  readonly system: System;
  /** How long to wait for a file that a network disk may show late. */
  readonly lateFileMs: number;
  readonly stop: AbortSignal;
  /** A fresh folder of this attempt, removed afterwards; programs are run in it. */
  readonly folder: () => string;
  readonly say: (line: string) => void;
  /** How far this command is. A task of one command shows it as it is, one of several the share of all. */
  readonly progress: (done: number, total: number, unit: string) => void;
  /** The frame that is being worked on. */
  readonly frame: (frame: string) => void;
  /** Runs a program to its end. Null: it ended well. */
  readonly spawn: (argv: readonly string[], see?: Pick<SpawnCommand, 'seeOut' | 'seeErr'>) => Promise<Trouble | null>;
  /** A picture was written. */
  readonly produced: (path: string) => void;
  readonly close: () => Promise<void>;
}

export function commandContext(context: RunContext, { index, total, name }: Step): CommandContext {
  const { worker, environment, system, lateFileMs, stop, report } = context;
  const image = new LatestImage(context);
  report({ phase: name, ...(total > 1 ? { progress: { done: index, total, unit: 'commands' } } : {}) });
  return {
    worker,
    environment,
    system,
    lateFileMs,
    stop,
    folder: context.freshFolder,
    say: (line) => context.note(`${line}\n`),
    progress(done, of, unit) {
      if (total === 1) report({ progress: { done, total: of, unit } });
      else report({ progress: { done: index + (of > 0 ? Math.min(1, done / of) : 0), total, unit: 'commands' } });
    },
    frame: (frame) => report({ phase: `${name}, frame ${frame}` }),
    spawn: (argv, see) => spawn(context, argv, see),
    produced: (path) => image.offer(path),
    close: () => image.close(),
  };
}

async function spawn(
  context: RunContext,
  argv: readonly string[],
  see: Pick<SpawnCommand, 'seeOut' | 'seeErr'> = {},
): Promise<Trouble | null> {
  context.note(`${argv.map(quoted).join(' ')}\n`);
  const sinks = { stdout: 'capture', stderr: 'capture' } as const;
  const ran = await context.spawn({ argv, cwd: context.freshFolder(), env: {}, ...sinks, ...see });
  if ('busy' in ran) return { ...refusal(ran.busy), busy: true };
  if ('failed' in ran) return { reason: 'start', error: ran.failed };
  const { exitCode, signal } = ran.end;
  if (exitCode === 0 && signal === null) return null;
  const program = argv[0] ?? '';
  if (signal !== null || exitCode === null) {
    return { reason: 'signal', signal, error: `${program} was ended by ${signal ?? 'force'} on ${context.worker}` };
  }
  return { reason: 'exit', exitCode, error: `${program} ended with exit code ${exitCode} on ${context.worker}` };
}

/** As one would type it, for people who want to try it by hand. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
