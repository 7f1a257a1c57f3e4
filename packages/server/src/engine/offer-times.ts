import type { SessionNumber, TaskId } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import { createDeadlines } from './deadlines.ts';
import type { Insist } from './insist.ts';
import type { SessionTable } from './session-table.ts';

/**
 * Ends offers that nobody answered by a clock that never jumps. The store has their moment on the wall clock too, for the time
 * after a restart; were that clock set back by a day, an offer would stand for a day.
 */
export interface OfferTimes {
  made(session: SessionNumber, tasks: readonly TaskId[], ms: number): void;
}

interface Made {
  readonly at: number;
  readonly ms: number;
}

export function createOfferTimes(deps: { clock: Clock; insist: Insist; sessions: SessionTable }): OfferTimes {
  const { clock, insist, sessions } = deps;
  const made = new Map<SessionNumber, Map<TaskId, Made>>();
  const looks = createDeadlines<SessionNumber>(clock, look);

  function stands(session: SessionNumber, task: TaskId): boolean {
    return sessions.get(session)?.held.get(task)?.offered === true;
  }

  function look(session: SessionNumber): void {
    const offers = made.get(session);
    let next = Number.POSITIVE_INFINITY;
    for (const [task, { at, ms }] of offers ?? []) {
      const left = at + ms - clock.monotonic();
      if (left > 0 && stands(session, task)) next = Math.min(next, left);
      else offers?.delete(task);
      if (left <= 0 && stands(session, task)) void insist('decline', { task, session, how: 'expire' });
    }
    if (next === Number.POSITIVE_INFINITY) made.delete(session);
    else looks.set(session, next);
  }

  return {
    made(session, tasks, ms) {
      const offers = made.get(session) ?? new Map<TaskId, Made>();
      // Answered ones are forgotten at the next look; a busy worker must not pile them up until then.
      if (offers.size > 1_000) for (const task of offers.keys()) if (!stands(session, task)) offers.delete(task);
      for (const task of tasks) offers.set(task, { at: clock.monotonic(), ms });
      if (!made.has(session)) looks.set(session, ms);
      made.set(session, offers);
    },
  };
}
