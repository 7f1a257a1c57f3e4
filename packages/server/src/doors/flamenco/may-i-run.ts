import type { Answer } from '../kit/http-row.ts';
import type { Desk } from './desk.ts';
import type { KnownWorker } from './known-worker.ts';
import type { MayKeepRunningResponse } from './messages.ts';
import * as session from './session.ts';
import { noteAsked } from './supervision.ts';
import { requestedOf } from './translate.ts';

const no = (reason: string, more: Partial<MayKeepRunningResponse> = {}): Answer => {
  return { status: 200, body: { may_keep_running: false, reason, ...more } satisfies MayKeepRunningResponse };
};
const yes: Answer = { status: 200, body: { may_keep_running: true } satisfies MayKeepRunningResponse };

/** Asked every 5 s while a task runs: answered from memory (flamenco §2.2). */
export async function mayIRun(desk: Desk, worker: KnownWorker, task: number | null): Promise<Answer> {
  const { fleet, clock } = desk;
  noteAsked(desk, worker);
  worker.handle?.alive();
  const holding = task === null ? null : fleet.holding(task);
  if (holding === null) return no('this task is not yours any more');
  if (holding.worker !== worker) return no('this task belongs to another worker');
  holding.heard = true;
  holding.askedAt = clock.monotonic();
  // It runs: it does not ask for it.
  holding.waitingSince = null;
  if (worker.handle === null) await session.ensure(desk, worker, 'awake');
  worker.handle?.taskAlive(holding.task);
  const requested = worker.wanted?.lazy === false ? requestedOf(worker.wanted) : null;
  // Never `awake`: the worker would begin a second loop (flamenco §2.2).
  const asks = requested === 'asleep' || requested === 'shutdown' ? { status_requested: requested } : {};
  if (holding.state === 'stopping') return no('the task was cancelled', asks);
  return asks.status_requested === undefined ? yes : no(`this worker was asked to be ${requested}`, asks);
}
