import { type Refusal, refuse } from '../../domain/errors.ts';
import { type ClassSpec, classKey, nothing } from '../../domain/needs.ts';
import { workerRefusalCodes } from '../../domain/reasons.ts';
import { reconcile as compare } from '../../domain/reconcile.ts';
import { isAlive, type Task } from '../../domain/task.ts';
import type { Worker } from '../../domain/worker.ts';
import { freshWorker, type WorkerRefusal } from '../../domain/worker-machine.ts';
import { type ProcedureContext, read } from '../../ports/store.ts';
import type { InputOf } from '../commands.ts';
import { Draft } from './draft.ts';
import { finish, loadAround, noJob, noWorker, seesJob } from './rounds.ts';
import { pageRows } from './sweep-page.ts';
import type { ProcedureOf, ProcedureResult, Reading } from './types.ts';
import { dropIfForgotten, moveWorker, ownedBy } from './worker-rows.ts';

const mostHeld = 1_900;

function refused(refusal: WorkerRefusal, worker: Worker, asked: string): { refusal: Refusal } {
  return refuse(
    workerRefusalCodes[refusal],
    refusal === 'stale'
      ? `That session of ${worker.name} is over`
      : `${worker.name} is ${worker.status}; ${asked} is not possible then`,
  );
}

/** Makes a worker known, or finds it again by its key. */
export const register: ProcedureOf<'register'> = function* (input, context) {
  const { key } = input;
  const got = yield* read({
    known: key === null ? undefined : { read: 'workerByKey', of: key },
    id: { read: 'fresh', of: { of: 'worker', n: 1 } },
  });
  const kinds = context.by.kinds === null ? input.kinds : input.kinds.filter((kind) => context.by.kinds?.includes(kind));
  const { name, tags, total, profile, info } = input;
  const draft = new Draft(context);
  const { known } = got;
  if (known) {
    const owned: boolean = ownedBy(known, context.by);
    if (!owned) return refuse('forbidden', `Worker ${known.name} belongs to another credential`);
    draft.load({ workers: [known] });
    draft.putWorker({ ...known, name, kinds, tags, total, profile, info, seenAt: context.now });
    moveWorker(draft, known.id, { event: 'register', approved: input.approved });
    return draft.done({ worker: known.id, created: false });
  }
  const row: Worker = {
    id: got.id,
    name,
    key,
    owner: context.by.id,
    profile,
    kinds,
    tags,
    total,
    used: nothing,
    reported: null,
    ...freshWorker(input.approved),
    holding: 0,
    picky: false,
    info,
    createdAt: context.now,
    seenAt: context.now,
  };
  draft.putWorker(row, true);
  draft.change('worker.created', { worker: row.id }, { name, kinds, tags });
  return draft.done({ worker: row.id, created: true });
};

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
  const before = worker.session;
  const moved = moveWorker(draft, worker.id, { event: 'sign-on', session, mode: 'awake' });
  if (typeof moved === 'string') return refused(moved, worker, 'signing on');
  draft.write({ drop: 'exclusions', worker: worker.id, session: before });
  const now = draft.worker(worker.id);
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
  if (!input.keepTasks && got.held.length > 0) draft.sweep({ kind: 'lose', worker: worker.id, session: before, after: 0 });
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
  if (worker.session !== input.session) return refused('stale', worker, 'reconciling');
  const draft = new Draft(context).load({ workers: [worker] });
  const { adopt, tell, lost, again, unknown } = compare(got.held, input.holds);
  yield* loadAround(draft, [...lost, ...again]);
  for (const { id } of [...lost, ...again]) draft.step(id, { event: 'lose', candidates: null });
  for (const task of tell) {
    draft.tell(worker.id, worker.session, { tell: task.state.state === 'stopping' ? 'kill' : 'suspend', task });
  }
  const kill = unknown.map(({ task, attempt }) => ({ task, attempt }));
  return yield* finish(draft, () => ({ kept: adopt, kill }));
};

export const connectionLost: ProcedureOf<'connectionLost'> = function* (input, context) {
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const draft = new Draft(context).load({ workers: [worker] });
  const moved = moveWorker(draft, worker.id, { event: 'connection-lost', session: input.session });
  if (typeof moved === 'string') return refused(moved, worker, 'losing its connection');
  return draft.done({ grace: moved.grace ?? 0 });
};

/** Grace or lease is over: whatever it held is lost. */
export const sessionOver: ProcedureOf<'sessionOver'> = function* (input, context) {
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  const { session } = input;
  const draft = new Draft(context).load({ workers: [worker] });
  if (worker.status !== 'lost') {
    const broken = moveWorker(draft, worker.id, { event: 'connection-lost', session });
    if (typeof broken === 'string') return refused(broken, worker, 'ending its session');
    if (broken.over) return closing(draft, worker, session, input.why);
  }
  const over = moveWorker(draft, worker.id, { event: 'grace-over', session });
  if (typeof over === 'string') return refused(over, worker, 'ending its session');
  return closing(draft, worker, session, input.why);
};

function closing(draft: Draft, worker: Worker, session: number, why: string) {
  draft.tell(worker.id, session, { tell: 'close', why });
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
  if (typeof moved === 'string') return refused(moved, worker, 'signing off');
  const back = input.giveBack ? got.held : [];
  yield* loadAround(draft, back);
  for (const { id, state } of back) {
    if (state.state === 'offered') draft.step(id, { event: 'lose', candidates: null });
    else draft.step(id, { event: 'give-back', by: { session, attempt: null }, how: 'free' });
  }
  if (got.held.length > back.length || got.held.length === pageRows) {
    draft.sweep({ kind: 'lose', worker: worker.id, session, after: 0 });
  }
  if (draft.maybeWorker(worker.id) !== null) dropIfForgotten(draft, worker.id);
  return yield* finish(draft, () => ({ done: true }) as const);
};

/** What it is at present. New numbers let deferred tasks be offered again. */
export const refresh: ProcedureOf<'refresh'> = function* (input, context) {
  const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  if (worker.session !== input.session) return refused('stale', worker, 'reporting');
  const draft = new Draft(context).load({ workers: [worker] });
  const { reported, total, info, mode, seenAt } = input;
  if (mode !== null) moveWorker(draft, worker.id, { event: 'ack-mode', session: input.session, mode });
  const now = draft.worker(worker.id);
  draft.putWorker({
    ...now,
    reported: reported ?? now.reported,
    total: total ?? now.total,
    info: info ?? now.info,
    seenAt: seenAt ?? now.seenAt,
  });
  if (reported !== null || total !== null) {
    if (worker.picky) draft.write({ drop: 'exclusions', worker: worker.id, session: input.session, why: 'deferred' });
    draft.wakeWorker(worker.id);
  }
  return draft.done({ done: true } as const);
};

/** Somebody's wish: passed on to the worker, kept until it is fulfilled. */
export const wish: ProcedureOf<'wish'> = function* ({ worker: id, mode, lazy }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    const moved = moveWorker(draft, id, { event: 'wish', wish: { mode, lazy } });
    if (typeof moved === 'string') return refused(moved, worker, mode);
    return null;
  });
};

export const approve: ProcedureOf<'approve'> = function* ({ worker: id }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    const moved = moveWorker(draft, id, { event: 'approve' });
    return typeof moved === 'string' ? refused(moved, worker, 'approving') : null;
  });
};

export const tell: ProcedureOf<'tell'> = function* ({ worker: id, message }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    draft.tell(id, worker.session, { tell: 'message', message });
    return null;
  });
};

/** The row goes. One that holds tasks is refused unless forced: then they are lost first. */
export const forget: ProcedureOf<'forget'> = function* ({ worker: id, force }, context) {
  return yield* withWorker(id, context, (draft, worker) => {
    if (worker.holding > 0 && !force)
      return refuse('wrong_state', `${worker.name} holds ${worker.holding} tasks; ask with force to lose them`);
    draft.tell(id, worker.session, { tell: 'close', why: 'this worker was forgotten' });
    draft.putWorker({ ...worker, status: 'offline', profile: { ...worker.profile, ephemeral: true } });
    if (worker.holding > 0) draft.sweep({ kind: 'lose', worker: id, session: worker.session, after: 0 });
    dropIfForgotten(draft, id);
    return null;
  });
};

function* withWorker(
  id: number,
  context: ProcedureContext,
  act: (draft: Draft, worker: Worker) => { refusal: Refusal } | null,
): Reading<ProcedureResult<{ done: true }>> {
  const { worker } = yield* read({ worker: { read: 'worker', of: id } });
  if (!ownedBy(worker, context.by)) return noWorker(id);
  const draft = new Draft(context).load({ workers: [worker] });
  return act(draft, worker) ?? draft.done({ done: true } as const);
}

/** From now on this worker gets no task of this kind of this job: the job moves into classes of its own. */
export const block: ProcedureOf<'block'> = function* (input: InputOf<'block'>, context) {
  const got = yield* read({
    worker: { read: 'worker', of: input.worker },
    job: { read: 'job', of: input.job },
    classes: { read: 'classesOfJob', of: input.job },
  });
  const { worker, job } = got;
  if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  if (job === null || !seesJob(context.by, job)) return noJob(input.job);
  const shared = got.classes.filter(({ spec }) => spec.blockJob === null);
  const own = shared.map(({ spec }): ClassSpec => ({ ...spec, blockJob: job.id }));
  const { interned } = yield* read({ interned: { read: 'classOf', of: own } });
  const draft = new Draft(context).load({ workers: [worker], jobs: [job] });
  draft.write({ put: 'block', row: { job: job.id, worker: worker.id, kind: input.kind, at: context.now } });
  const byKey = new Map(interned.map(({ id, spec }) => [classKey(spec), id]));
  const classes = shared.map(({ id, spec }) => [id, byKey.get(classKey({ ...spec, blockJob: job.id })) ?? id] as const);
  if (classes.length > 0) draft.sweep({ kind: 'reclass', job: job.id, after: 0, classes });
  return draft.done({ done: true } as const);
};

export const forgive: ProcedureOf<'forgive'> = function* (input, context) {
  const draft = new Draft(context);
  if (input.worker !== null) {
    const { worker } = yield* read({ worker: { read: 'worker', of: input.worker } });
    if (!ownedBy(worker, context.by)) return noWorker(input.worker);
  }
  draft.write({ drop: 'blocks', job: input.job, worker: input.worker, kind: input.kind });
  draft.wakeClass(0);
  return draft.done({ done: true } as const);
};
