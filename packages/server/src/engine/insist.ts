import type { Result } from '../domain/errors.ts';
import { system } from '../domain/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { AnswerOf, CommandName, InputOf } from './commands.ts';
import type { Runner } from './run.ts';

/** Not faster than this: a full disk is not emptied by asking. */
export const againMs = 1_000;

/** The engine's own duties must happen: a storage that fails for a while does not make them forgotten. */
export interface Insist {
  <N extends CommandName>(name: N, input: InputOf<N>): Promise<Result<AnswerOf<N>>>;
  /** Until it is worth trying again. */
  pause(): Promise<void>;
  close(): void;
}

/** Runs a command as `system`, again and again while the storage refuses it. Other refusals are answers. */
export function createInsist(runner: Runner, clock: Clock): Insist {
  let closed = false;
  const waiting = new Set<() => void>();

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        waiting.delete(go);
        resolve();
      };
      const timer = clock.after(againMs, go);
      waiting.add(go);
    });
  }

  async function insist<N extends CommandName>(name: N, input: InputOf<N>): Promise<Result<AnswerOf<N>>> {
    for (;;) {
      const result = await runner.command(system, name, input);
      if (closed || result.refusal?.code !== 'storage') return result;
      await pause();
    }
  }

  return Object.assign(insist, {
    pause,
    close() {
      closed = true;
      for (const go of [...waiting]) go();
    },
  });
}
