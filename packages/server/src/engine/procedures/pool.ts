import { refuse } from '../../domain/errors.ts';
import { limitPrefix, type Pool } from '../../domain/rows.ts';
import { poolsWanted } from '../../domain/scheduling.ts';
import { isRunningLike, type Task } from '../../domain/task.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { loadAround } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

const mostAlive = 1_500;

/**
 * Makes, resizes or (with `null`) removes a pool. What runs already is counted into a new pool, so that a licence is never
 * given out twice; a pool may be smaller than what is in use: then nothing more is given until it fits.
 */
export const setPool: ProcedureOf<'setPool'> = function* ({ name, total }, context) {
  if (name.startsWith(limitPrefix))
    return refuse('invalid', `Names that begin with ${limitPrefix} stand for limits of jobs`, '/name');
  const { pools, alive } = yield* read({
    pools: { read: 'allPools', of: null },
    alive: { read: 'heldBy', of: { worker: null, session: null, after: 0, limit: mostAlive } },
  });
  const known = pools.find((pool) => pool.name === name);
  const draft = new Draft(context).load({ pools });
  if (total === null) {
    if (known === undefined) return refuse('not_found', `There is no pool ${name}`);
    draft.write({ drop: 'pool', name });
    draft.change('pool.changed', {}, { name, total: null, used: 0 });
    draft.wakeClass(0);
    return draft.done(null);
  }
  let { used } = known ?? { used: 0 };
  if (known === undefined) {
    if (alive.length === mostAlive) {
      return refuse('wrong_state', `More than ${mostAlive} tasks run now; they cannot be counted into a new pool. Make it later`);
    }
    yield* loadAround(draft, alive);
    draft.putPool({ name, total, used: 0 });
    used = countIn(draft, alive, name);
  }
  const row: Pool = { name, total, used };
  draft.putPool(row);
  draft.change('pool.changed', {}, { ...row });
  draft.wakeClass(0);
  return draft.done(row);
};

function countIn(draft: Draft, alive: readonly Task[], name: string): number {
  let used = 0;
  for (const task of alive) {
    const { spec } = draft.class(task.class);
    const amount = poolsWanted(spec, draft.pools)[name];
    // What takes from a pool only where there is one began without it.
    if (amount === undefined || spec.pools[`${name}?`] !== undefined) continue;
    used += amount;
    const attempt = isRunningLike(task.state) ? draft.attempt(task.id, task.attempt) : null;
    if (attempt !== null) draft.putAttempt({ ...attempt, pools: { ...attempt.pools, [name]: amount } });
  }
  return used;
}
