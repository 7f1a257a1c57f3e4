import type { Refusal } from '../../domain/errors.ts';
import type { Procedure } from '../../ports/store.ts';
import { type CommandName, commandTable } from '../commands.ts';
import type { Spoken } from './working-set.ts';

/**
 * Adds the audit row to a procedure's writes: who did what, in the same transaction. A refusal leaves that row and nothing
 * else; it is answered as a refusal all the same.
 */
export function audited(name: CommandName, procedure: Procedure<never, never>): Procedure<never, unknown> {
  if (!commandTable[name].audited) return procedure;
  return function* (input, context) {
    const done = yield* procedure(input, context);
    const { now: at, by } = context;
    const row = { at, by: by.id, name: by.name, command: name };
    if ('refusal' in done) {
      const { refusal } = done as { refusal: Refusal };
      const answer: Spoken<null> = { answer: null, told: [], refusal };
      const put = { ...row, subject: subjectOf(input, null), refusal: refusal.code };
      return { answer, writes: [{ put: 'audit', row: put }], changes: [] };
    }
    const put = { ...row, subject: subjectOf(input, done.answer), refusal: null };
    return { ...done, writes: [...done.writes, { put: 'audit', row: put }] };
  };
}

/** `job 12`, `task 7`, `worker 3`, `pool matlab`. */
function subjectOf(input: unknown, spoken: unknown): string {
  const given = input as { job?: number; task?: number; worker?: number; name?: string };
  if (typeof given.job === 'number') return `job ${given.job}`;
  if (typeof given.task === 'number') return `task ${given.task}`;
  if (typeof given.worker === 'number') return `worker ${given.worker}`;
  if (typeof given.name === 'string') return `pool ${given.name}`;
  const { answer } = (spoken ?? {}) as { answer?: { job?: { id: number } } | null };
  return answer?.job === undefined ? '' : `job ${answer.job.id}`;
}
