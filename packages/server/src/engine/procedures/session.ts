import { reconcile as compare } from '../../domain/reconcile.ts';
import { isAlive, type Task } from '../../domain/task.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import { finish, loadAround, noWorker } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { ProcedureOf } from './types.ts';
import { dropIfForgotten, inSession, moveWorker, ownedBy, refusedMove } from './worker-rows.ts';

/** Tasks of one worker that one command can move to a new session. */
const mostHeld = 1_900;

/** A new session. With `keepTasks` what the worker holds moves into it; otherwise that is lost. */
export const signOn: ProcedureOf<'signOn'> = function* (input, context) {
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    session: { read: 'fresh', of: { of: 'session', n: 1 } },
    held: { read: 'heldBy', of: { worker: input.worker, session: null, after: 0, limit: mostHeld } },
    exclusions: { read: 'exclusionsOf', of: { worker: input.worker } },
  });
  const { worker, session } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const draft = new Draft(context).load({ workers: [worker], tasks: got.held });
  const { id, session: before } = worker;
  const moved = moveWorker(draft, id, { event: 'sign-on', session, mode: input.mode === undefined ? 'awake' : input.mode });
  if (typeof moved === 'string') return refusedMove(moved, worker, 'signing on');
  draft.write({ drop: 'exclusions', worker: id, session: before });
  const now = draft.worker(id);
  const { name, kinds, tags, total, info } = input;
  draft.putWorker({
    ...now,
    name: name ?? now.name,
    kinds: kinds ?? now.kinds,
    tags: tags ?? now.tags,
    total: total ?? now.total,
    info: info ?? now.info,
    reported: null,
    picky: got.exclusions.some((exclusion) => exclusion.session === null),
    seenAt: context.now,
  });
  if (!input.keepTasks && got.held.length > 0) draft.sweep({ kind: 'lose', worker: id, session: before, after: 0 });
  const held = input.keepTasks ? got.held.map((task) => adopted(draft, task, session)) : [];
  return draft.done({ session, held });
};

function adopted(draft: Draft, task: Task, session: number): Task {
  if (!isAlive(task.state)) return task;
  const row = { ...task, state: { ...task.state, session } };
  draft.putTask(row);
  return row;
}

/** The worker says what it holds. What it does not name is lost; what is not its own any more it must end. */
export const reconcile: ProcedureOf<'reconcile'> = function* (input, context) {
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    held: { read: 'heldBy', of: { worker: input.worker, session: null, after: 0, limit: mostHeld } },
  });
  const { worker } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  if (!inSession(worker, input.session)) return refusedMove('stale', worker, 'reconciling');
  const draft = new Draft(context).load({ workers: [worker] });
  const { adopt, tell, lost, again, unknown } = compare(got.held, input.holds);
  yield* loadAround(draft, [...lost, ...again]);
  for (const { id } of [...lost, ...again]) draft.step(id, { event: 'lose', candidates: null });
  for (const task of tell) {
    draft.tell(worker.id, worker.session, { tell: task.state.state === 'stopping' ? 'kill' : 'suspend', task });
  }
  const kill = unknown.map(({ task, attempt }) => ({ task, attempt }));
  return yield* finish(draft, () => ({ kept: adopt, kill }), false);
};

export const connectionLost: ProcedureOf<'connectionLost'> = function* (input, context) {
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const draft = new Draft(context).load({ workers: [worker] });
  const moved = moveWorker(draft, worker.id, { event: 'connection-lost', session: input.session });
  if (typeof moved === 'string') return refusedMove(moved, worker, 'losing its connection');
  return draft.done({ grace: moved.grace ?? 0 });
};

/** Grace or lease is over: whatever it held is lost. */
export const sessionOver: ProcedureOf<'sessionOver'> = function* (input, context) {
  const { session, why, ifLost } = input;
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const draft = new Draft(context).load({ workers: [worker] });
  if (worker.status !== 'lost') {
    // It came back in the same session while its grace was running out.
    if (ifLost) return draft.done({ done: true } as const);
    const broken = moveWorker(draft, worker.id, { event: 'connection-lost', session });
    if (typeof broken === 'string') return refusedMove(broken, worker, 'ending its session');
    if (broken.over) return closing(draft, worker.id, session, why);
  }
  const over = moveWorker(draft, worker.id, { event: 'grace-over', session });
  if (typeof over === 'string') return refusedMove(over, worker, 'ending its session');
  return closing(draft, worker.id, session, why);
};

function closing(draft: Draft, worker: number, session: number, why: string) {
  draft.tell(worker, session, { tell: 'close', why });
  return draft.done({ done: true } as const);
}

/** An orderly good-bye: what it still held goes back to the queue without counting as lost, if it says so. */
export const signOff: ProcedureOf<'signOff'> = function* (input, context) {
  const { session } = input;
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    held: { read: 'heldBy', of: { worker: input.worker, session, after: 0, limit: pageRows } },
  });
  const { worker } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const draft = new Draft(context).load({ workers: [worker] });
  const moved = moveWorker(draft, worker.id, { event: 'sign-off', session });
  if (typeof moved === 'string') return refusedMove(moved, worker, 'signing off');
  const back = input.giveBack ? got.held : [];
  yield* loadAround(draft, back);
  for (const { id, state } of back) {
    if (state.state === 'offered') draft.step(id, { event: 'lose', candidates: null });
    else draft.step(id, { event: 'give-back', by: { session, attempt: null }, how: 'free', candidates: null });
  }
  if (got.held.length > back.length || got.held.length === pageRows) {
    draft.sweep({ kind: 'lose', worker: worker.id, session, after: 0, giveBack: input.giveBack });
  }
  dropIfForgotten(draft, worker.id);
  return yield* finish(draft, () => ({ done: true }) as const, false);
};

/** What it is at present, and a sign of life. New numbers, or a new description, let deferred tasks be offered again. */
export const refresh: ProcedureOf<'refresh'> = function* (input, context) {
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const { session, reported, total, info, mode, seenAt } = input;
  const draft = new Draft(context).load({ workers: [worker] });
  const event = mode === null ? ({ event: 'seen', session } as const) : ({ event: 'ack-mode', session, mode } as const);
  const moved = moveWorker(draft, worker.id, event);
  if (typeof moved === 'string') return refusedMove(moved, worker, 'reporting');
  const now = draft.worker(worker.id);
  draft.putWorker({
    ...now,
    reported: reported ?? now.reported,
    total: total ?? now.total,
    info: info ?? now.info,
    seenAt: seenAt ?? now.seenAt,
  });
  // Our own worker says by its description that it has room again: it knows what it deferred.
  if (reported !== null || total !== null || info !== null) {
    if (worker.picky) draft.write({ drop: 'exclusions', worker: worker.id, session, why: 'deferred' });
    draft.wakeWorker(worker.id);
  }
  return draft.done({ done: true } as const);
};
