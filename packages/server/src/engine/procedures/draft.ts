import type { Attempt } from '../../domain/attempt.ts';
import type { ChangeKind, NewChange } from '../../domain/change.ts';
import { moved } from '../../domain/counts.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { ClassId, JobId, Millis, TaskId, WorkerId } from '../../domain/ids.ts';
import { isFinal, type Job, jobState } from '../../domain/job.ts';
import { type Amounts, minus, nothing, plus } from '../../domain/needs.ts';
import type { Edge, InternedClass, Pool, SweepWork, Tally } from '../../domain/rows.ts';
import { poolsWanted } from '../../domain/scheduling.ts';
import {
  type Alive,
  isAlive,
  isEnded,
  isRunningLike,
  type Task,
  type TaskArray,
  type TaskState,
  type TaskStateName,
} from '../../domain/task.ts';
import { stepTask, type TaskEffect, type TaskEvent, type TaskRefusal, type TaskStep } from '../../domain/task-machine.ts';
import type { Worker } from '../../domain/worker.ts';
import type { Done, ProcedureContext, Write } from '../../ports/store.ts';
import type { Tell, Told } from '../commands.ts';
import { sweepKey } from './sweep-key.ts';
import { newTally } from './tally.ts';

/** What every procedure answers: the answer itself and what workers must be told once it is committed. */
export interface Spoken<A> {
  readonly answer: A;
  readonly told: readonly Told[];
  /** Committed, yet answered as a refusal. */
  readonly refusal?: Refusal;
}

/** Something whose children may have to be told. */
export interface Ending {
  readonly kind: Edge['parentKind'];
  readonly id: number;
  readonly tell: 'parent-succeeded' | 'parent-lost' | 'revive';
}

/** How an attempt ended, as far as the reporter knows. */
export type AttemptFacts = Partial<Pick<Attempt, 'exitCode' | 'signal' | 'error' | 'result' | 'artifacts'>>;

const attemptKey = (task: TaskId, number: number): string => `${task}.${number}`;

/**
 * The working set of one procedure: rows that were read, moved by the domain's machines, with every counter kept beside
 * them (job, tally, array, worker, pools) and every write, change, wake-up and word to a worker collected. Pure as seen
 * from outside: it lives for one call.
 */
export class Draft {
  readonly #context: ProcedureContext;
  readonly #jobs = new Map<JobId, Row<Job>>();
  readonly #tasks = new Map<TaskId, Row<Task>>();
  readonly #arrays = new Map<TaskId, Row<TaskArray>>();
  readonly #workers = new Map<WorkerId, Row<Worker>>();
  readonly #attempts = new Map<string, Row<Attempt>>();
  readonly #tallies = new Map<string, Row<Tally>>();
  readonly #pools = new Map<string, Row<Pool>>();
  readonly #classes = new Map<ClassId, InternedClass>();
  readonly #writes: Write[] = [];
  readonly #changes: NewChange[] = [];
  readonly #told: Told[] = [];
  readonly #wakeClasses = new Set<ClassId>();
  readonly #wakeWorkers = new Set<WorkerId>();
  readonly #due: Millis[] = [];
  readonly #endings: Ending[] = [];
  #sweeps = false;

  constructor(context: ProcedureContext) {
    this.#context = context;
  }

  get now(): Millis {
    return this.#context.now;
  }

  // --- rows that were read ---------------------------------------------------------------------------------------

  load(rows: {
    jobs?: readonly (Job | null | undefined)[];
    tasks?: readonly (Task | null | undefined)[];
    arrays?: readonly (TaskArray | null | undefined)[];
    workers?: readonly (Worker | null | undefined)[];
    attempts?: readonly (Attempt | null | undefined)[];
    tallies?: readonly Tally[] | undefined;
    pools?: readonly Pool[] | undefined;
    classes?: readonly InternedClass[] | undefined;
  }): this {
    for (const row of rows.jobs ?? []) if (row) keep(this.#jobs, row.id, row);
    for (const row of rows.tasks ?? []) if (row) keep(this.#tasks, row.id, row);
    for (const row of rows.arrays ?? []) if (row) keep(this.#arrays, row.id, row);
    for (const row of rows.workers ?? []) if (row) keep(this.#workers, row.id, row);
    for (const row of rows.attempts ?? []) if (row) keep(this.#attempts, attemptKey(row.task, row.number), row);
    for (const row of rows.tallies ?? []) keep(this.#tallies, row.kind, row);
    for (const row of rows.pools ?? []) keep(this.#pools, row.name, row);
    for (const row of rows.classes ?? []) this.#classes.set(row.id, row);
    return this;
  }

  job(id: JobId): Job {
    return found(this.#jobs.get(id), `job ${id}`).row;
  }
  maybeJob(id: JobId): Job | null {
    return this.#jobs.get(id)?.row ?? null;
  }
  task(id: TaskId): Task {
    return found(this.#tasks.get(id), `task ${id}`).row;
  }
  array(id: TaskId): TaskArray {
    return found(this.#arrays.get(id), `array ${id}`).row;
  }
  worker(id: WorkerId): Worker {
    return found(this.#workers.get(id), `worker ${id}`).row;
  }
  maybeWorker(id: WorkerId): Worker | null {
    return this.#workers.get(id)?.row ?? null;
  }
  attempt(task: TaskId, number: number): Attempt | null {
    return this.#attempts.get(attemptKey(task, number))?.row ?? null;
  }
  class(id: ClassId): InternedClass {
    return found(this.#classes.get(id), `class ${id}`);
  }
  get pools(): ReadonlyMap<string, Pool> {
    return new Map([...this.#pools].map(([name, { row }]) => [name, row]));
  }

  // --- direct writes ----------------------------------------------------------------------------------------------

  putJob(row: Job, fresh = false): void {
    put(this.#jobs, row.id, row, fresh);
  }
  putTask(row: Task, fresh = false): void {
    put(this.#tasks, row.id, row, fresh);
  }
  putArray(row: TaskArray, fresh = false): void {
    put(this.#arrays, row.id, row, fresh);
  }
  putWorker(row: Worker, fresh = false): void {
    put(this.#workers, row.id, row, fresh);
  }
  putAttempt(row: Attempt, fresh = false): void {
    put(this.#attempts, attemptKey(row.task, row.number), row, fresh);
  }
  putPool(row: Pool): void {
    put(this.#pools, row.name, row, false);
  }
  putTally(row: Tally): void {
    put(this.#tallies, row.kind, row, false);
  }
  dropWorker(id: WorkerId): void {
    this.#workers.delete(id);
    this.write({ drop: 'worker', id });
    this.write({ drop: 'exclusions', worker: id });
  }
  write(...writes: Write[]): void {
    this.#writes.push(...writes);
  }

  change(kind: ChangeKind, of: { job?: Job; task?: TaskId; worker?: WorkerId }, data: Readonly<Record<string, unknown>>): void {
    this.#changes.push({
      kind,
      job: of.job?.id ?? null,
      task: of.task ?? null,
      worker: of.worker ?? null,
      owner: of.job?.owner ?? null,
      data,
    });
  }

  tell(worker: WorkerId, session: number, what: Tell): void {
    this.#told.push({ worker, session, what });
  }
  wakeClass(id: ClassId): void {
    this.#wakeClasses.add(id);
  }
  wakeWorker(id: WorkerId): void {
    this.#wakeWorkers.add(id);
  }
  dueAt(moment: Millis): void {
    this.#due.push(moment);
  }
  sweep(work: SweepWork): void {
    this.#sweeps = true;
    this.write({ put: 'sweep', row: { key: sweepKey(work), work } });
  }
  sweepsRemain(): void {
    this.#sweeps = true;
  }
  get sweeping(): boolean {
    return this.#sweeps;
  }
  /** Takes a task that is about to be dropped out of the totals of its kind. */
  forgetTask(task: Task): void {
    this.tallyAdded(task.kind, task.state.state, -1);
    this.#finishedRuns(task, -1);
  }

  // --- moves ------------------------------------------------------------------------------------------------------

  /** Steps a task row by the machine. Null: done; else the machine's refusal, and nothing has changed. */
  step(id: TaskId, event: TaskEvent, facts: AttemptFacts = {}): TaskRefusal | null {
    const task = this.task(id);
    const outcome = stepTask({ ...task, intent: this.job(task.job).intent }, event, this.now);
    if ('refusal' in outcome) return outcome.refusal;
    this.#apply(task, outcome.step, facts);
    return null;
  }

  #apply(task: Task, step: TaskStep, facts: AttemptFacts): void {
    const { state, parentsLeft, attempt, failures, losses } = step;
    const begins = attempt !== task.attempt;
    const next: Task = {
      ...task,
      state,
      parentsLeft,
      attempt,
      failures,
      losses,
      startedAt: begins ? this.now : task.startedAt,
      endedAt: isEnded(state) ? (isEnded(task.state) ? task.endedAt : this.now) : null,
    };
    this.putTask(next);
    this.#finishedRuns(task, -1);
    this.#holder(task, next);
    if (begins) this.#beginAttempt(next);
    for (const effect of step.effects) this.#effect(next, effect, facts);
    this.#finishedRuns(next, 1);
    if (state.state !== task.state.state) {
      this.#count(task.job, task.kind, task.state.state, state.state, 1);
      this.#arrayOutcome(task, next);
      this.#taskChanged(task, next);
    }
    if (state.state === 'ready') this.wakeClass(next.class);
    if (state.state === 'waiting' && state.notBefore !== null) this.dueAt(state.notBefore);
    if (state.state === 'offered' && state.deadline !== null) this.dueAt(state.deadline);
  }

  #taskChanged(before: Task, task: Task): void {
    const held = isAlive(task.state) ? task.state : null;
    const attempt = this.attempt(task.id, task.attempt);
    this.change(
      'task.changed',
      { job: this.job(task.job), task: task.id, ...(held === null ? {} : { worker: held.worker }) },
      {
        state: task.state.state,
        from: before.state.state,
        attempt: task.attempt,
        index: task.index,
        key: task.key,
        reason: 'reason' in task.state ? task.state.reason : null,
        exitCode: isEnded(task.state) ? (attempt?.exitCode ?? null) : null,
        signal: isEnded(task.state) ? (attempt?.signal ?? null) : null,
      },
    );
  }

  /** Moves `n` tasks of a kind between states in the counters of the job and of the kind. */
  #count(job: JobId, kind: string, from: TaskStateName | null, to: TaskStateName | null, n: number): void {
    if (n === 0) return;
    const row = this.job(job);
    const started = row.startedAt ?? (to === 'running' ? this.now : null);
    this.putJob({ ...row, counts: moved(row.counts, from, to, n), startedAt: started });
    const tally = this.#tallies.get(kind)?.row ?? newTally(kind);
    this.putTally({ ...tally, counts: moved(tally.counts, from, to, n) });
  }

  /** Rows that were added (or, with a negative `n`, removed) by hand. */
  tallyAdded(kind: string, state: TaskStateName, n: number): void {
    const tally = this.#tallies.get(kind)?.row ?? newTally(kind);
    this.putTally({ ...tally, counts: moved(tally.counts, null, state, n) });
  }

  /** Run times of tasks that stand as ended, added up per kind (`kueue §6.10`). */
  #finishedRuns(task: Task, sign: 1 | -1): void {
    if (task.state.state !== 'succeeded' && task.state.state !== 'failed') return;
    if (task.startedAt === null || task.endedAt === null) return;
    const seconds = Math.max(0, Math.floor((task.endedAt - task.startedAt) / 1000));
    const tally = this.#tallies.get(task.kind)?.row ?? newTally(task.kind);
    this.putTally({
      ...tally,
      finishedRuns: tally.finishedRuns + sign,
      finishedSeconds: tally.finishedSeconds + sign * seconds,
    });
  }

  #arrayOutcome(before: Task, task: Task): void {
    if (task.array === null) return;
    const lostOf = (state: TaskState): number => (state.state === 'failed' || state.state === 'canceled' ? 1 : 0);
    const doneOf = (state: TaskState): number => (state.state === 'succeeded' ? 1 : 0);
    this.#arrayTotals(
      this.array(task.array),
      doneOf(task.state) - doneOf(before.state),
      lostOf(task.state) - lostOf(before.state),
    );
  }

  #arrayTotals(array: TaskArray, succeeded: number, lost: number): void {
    if (succeeded === 0 && lost === 0) return;
    const next = { ...array, succeeded: array.succeeded + succeeded, lost: array.lost + lost };
    this.putArray(next);
    if (next.succeeded === next.size && array.succeeded < array.size) this.#ending('array', next.id, 'parent-succeeded');
    if (next.lost > 0 && array.lost === 0) this.#ending('array', next.id, 'parent-lost');
    if (next.lost === 0 && array.lost > 0) this.#ending('array', next.id, 'revive');
  }

  #ending(kind: Ending['kind'], id: number, tell: Ending['tell']): void {
    this.#endings.push({ kind, id, tell });
  }

  /** Worker, resources and pools follow from who held the task before and who holds it now. */
  #holder(before: Task, task: Task): void {
    const was = isAlive(before.state) ? before.state : null;
    const is = isAlive(task.state) ? task.state : null;
    if (was === null && is === null) return;
    const { spec } = this.class(task.class);
    if (was === null && is !== null) {
      this.#workerHolds(is, 1, isRunningLike(is) ? spec.amounts : nothing);
      this.#takePools(poolsWanted(spec, this.pools), 1);
    } else if (was !== null && is === null) {
      const attempt = isRunningLike(was) ? this.attempt(before.id, before.attempt) : null;
      this.#workerHolds(was, -1, isRunningLike(was) ? spec.amounts : nothing);
      this.#takePools(attempt === null ? poolsWanted(spec, this.pools) : attempt.pools, -1);
      this.wakeWorker(was.worker);
    } else if (was !== null && is !== null && !isRunningLike(was) && isRunningLike(is)) {
      this.#workerHolds(is, 0, spec.amounts);
    }
  }

  #workerHolds(holder: Alive, tasks: 1 | -1 | 0, amounts: Amounts): void {
    const worker = this.#workers.get(holder.worker)?.row;
    if (worker === undefined) return;
    const more = tasks >= 0;
    const used = more ? plus(worker.used, amounts) : minus(worker.used, amounts);
    // A worker that reports its room will tell the new one by itself; until then it has less by what it just took.
    const reported = worker.reported !== null && more ? floor(minus(worker.reported, amounts)) : worker.reported;
    this.putWorker({ ...worker, used: floor(used), reported, holding: Math.max(0, worker.holding + tasks) });
  }

  #takePools(wanted: Readonly<Record<string, number>>, sign: 1 | -1): void {
    for (const name in wanted) {
      const pool = this.#pools.get(name)?.row;
      if (pool === undefined) continue;
      this.putPool({ ...pool, used: Math.max(0, pool.used + sign * (wanted[name] ?? 0)) });
      if (sign < 0) this.wakeClass(0);
    }
  }

  /** Gives one pool of a running attempt back early. */
  releasePool(attempt: Attempt, name: string): void {
    const { [name]: amount, ...rest } = attempt.pools;
    if (amount === undefined) return;
    this.#takePools({ [name]: amount }, -1);
    this.putAttempt({ ...attempt, pools: rest });
  }

  #beginAttempt(task: Task): void {
    if (!isAlive(task.state)) return;
    const { worker, session } = task.state;
    this.putAttempt(
      {
        task: task.id,
        number: task.attempt,
        worker,
        workerName: this.#workers.get(worker)?.row.name ?? '',
        session,
        pools: poolsWanted(this.class(task.class).spec, this.pools),
        startedAt: this.now,
        endedAt: null,
        outcome: null,
        exitCode: null,
        signal: null,
        reason: null,
        error: null,
        result: null,
        artifacts: [],
      },
      true,
    );
  }

  #effect(task: Task, effect: TaskEffect, facts: AttemptFacts): void {
    switch (effect.effect) {
      case 'attempt-ended': {
        const attempt = this.attempt(task.id, task.attempt);
        if (attempt === null) return;
        const { outcome, reason } = effect;
        this.putAttempt({ ...attempt, ...facts, outcome, reason, endedAt: this.now, pools: {} });
        return;
      }
      case 'withdraw': {
        const { worker, session } = effect.holder;
        this.write({ put: 'exclusion', row: { task: task.id, worker, session, until: null, why: 'void' } });
        this.#picky(worker);
        this.tell(worker, session, { tell: 'withdraw', task });
        return;
      }
      case 'avoid': {
        const { worker, session, until, why } = effect;
        this.write({ put: 'exclusion', row: { task: task.id, worker, session, until, why } });
        this.#picky(worker);
        // When the avoidance is over nobody reports it: look again then.
        if (until !== null) this.dueAt(until);
        return;
      }
      case 'kill':
        this.tell(effect.holder.worker, effect.holder.session, { tell: 'kill', task });
        return;
      case 'tell-suspend':
        this.tell(effect.holder.worker, effect.holder.session, { tell: 'suspend', task });
        return;
      case 'tell-resume':
        this.tell(effect.holder.worker, effect.holder.session, { tell: 'resume', task });
        return;
      case 'children':
        // Edges lead from the array, never from one of its tasks.
        if (task.array === null) this.#ending('task', task.id, effect.tell);
        return;
    }
  }

  #picky(id: WorkerId): void {
    const worker = this.#workers.get(id)?.row;
    if (worker !== undefined && !worker.picky) this.putWorker({ ...worker, picky: true });
  }

  // --- arrays -----------------------------------------------------------------------------------------------------

  /** How many tasks the unclaimed rest stands for. */
  static restOf(array: TaskArray): number {
    return array.size - array.next - array.holes;
  }

  /** Moves the whole unclaimed rest of an array by one event. */
  stepRest(id: TaskId, event: TaskEvent): TaskRefusal | null {
    const array = this.array(id);
    const job = this.job(array.job);
    const outcome = stepTask({ ...restCore(array), intent: job.intent }, event, this.now);
    if ('refusal' in outcome) return outcome.refusal;
    const { state, parentsLeft } = outcome.step;
    if (state.state !== 'waiting' && state.state !== 'ready' && state.state !== 'canceled') return 'state';
    const n = Draft.restOf(array);
    const from = array.rest.state;
    this.putArray({ ...array, rest: state, parentsLeft });
    if (from !== state.state && n > 0) {
      this.#count(array.job, array.kind, from, state.state, n);
      const lost = (state.state === 'canceled' ? n : 0) - (from === 'canceled' ? n : 0);
      this.#arrayTotals(this.array(id), 0, lost);
      this.change('array.changed', { job, task: id }, { state: state.state, from, size: n });
    }
    if (state.state === 'ready' && n > 0) this.wakeClass(array.class);
    if (state.state === 'waiting' && state.notBefore !== null) this.dueAt(state.notBefore);
    return null;
  }

  /** The unclaimed index as the task it would be. */
  virtual(array: TaskArray, index: number): Task {
    return {
      id: array.id + index,
      job: array.job,
      array: array.id,
      index,
      key: array.key,
      kind: array.kind,
      class: array.class,
      jobPriority: array.jobPriority,
      priority: array.priority,
      body: array.body,
      state: array.rest,
      parentsLeft: array.parentsLeft,
      attempt: 0,
      failures: 0,
      losses: 0,
      policy: array.policy,
      timeoutMs: array.timeoutMs,
      silenceMs: array.silenceMs,
      createdAt: array.createdAt,
      startedAt: null,
      endedAt: array.rest.state === 'canceled' ? array.rest.at : null,
    };
  }

  /** Gives an unclaimed index a row of its own: because it is claimed next, or because somebody acts on it alone. */
  materialise(id: TaskId, index: number): Task {
    const array = this.array(id);
    const task = this.virtual(array, index);
    this.putTask(task, true);
    this.putArray(index === array.next ? { ...array, next: array.next + 1 } : { ...array, holes: array.holes + 1 });
    return task;
  }

  /** `next` has come to an index that has a row already. */
  passHole(id: TaskId): void {
    const array = this.array(id);
    this.putArray({ ...array, next: array.next + 1, holes: array.holes - 1 });
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Brings every touched job's cached state in line. Call once all moves are made; more endings may come of it. */
  closeJobs(): void {
    for (const [id, { row, was, dirty, fresh }] of this.#jobs) {
      if (!dirty) continue;
      const state = jobState(row.counts, row.intent, row.startedAt !== null);
      const endedAt = isFinal(state) ? (row.endedAt ?? this.now) : null;
      this.putJob({ ...row, state, endedAt });
      const next = this.job(id);
      if (fresh) continue;
      const same = was.state === state && was.intent === row.intent && was.priority === row.priority;
      if (same) continue;
      const { intent, priority, counts } = next;
      this.change('job.changed', { job: next }, { state, from: was.state, intent, priority, counts });
      if (was.state !== state) this.#jobEnding(next, was);
    }
  }

  #jobEnding(job: Job, was: Job): void {
    if (isFinal(job.state)) this.#ending('job', job.id, job.state === 'succeeded' ? 'parent-succeeded' : 'parent-lost');
    else if (was.state === 'failed' || was.state === 'canceled') this.#ending('job', job.id, 'revive');
    // A job asked to be deleted is gone once its last attempt is over.
    if (isFinal(job.state) && job.intent === 'delete') this.sweep({ kind: 'purge', job: job.id });
  }

  /** What may have children to be told; edges of tasks and arrays stay inside their job. */
  get endings(): readonly Ending[] {
    return this.#endings.filter((ending) => !this.#followsItsJob(ending));
  }

  /** In a job that is being canceled the sweep over its tasks reaches every child by itself. */
  #followsItsJob({ kind, id, tell }: Ending): boolean {
    if (kind === 'job' || tell !== 'parent-lost') return false;
    const job = kind === 'task' ? this.#tasks.get(id)?.row.job : this.#arrays.get(id)?.row.job;
    const intent = job === undefined ? 'none' : this.#jobs.get(job)?.row.intent;
    return intent === 'cancel' || intent === 'delete';
  }

  spread(ending: Ending): void {
    this.sweep({ kind: 'children', parentKind: ending.kind, parent: ending.id, tell: ending.tell, after: 0 });
  }

  /** The answer to an offer that stands no more: a refusal, but what was written is kept. */
  void<A>(task: TaskId): Done<Spoken<A>> {
    const done = this.done(null as A);
    const { refusal } = refuse('void_offer', `Task ${task} is not offered to this worker any more`);
    return { ...done, answer: { ...done.answer, refusal } };
  }

  done<A>(answer: A): Done<Spoken<A>> {
    const writes: Write[] = [];
    for (const { row, dirty, fresh } of this.#jobs.values()) if (dirty) writes.push({ put: 'job', row, fresh });
    for (const { row, dirty, fresh } of this.#arrays.values()) if (dirty) writes.push({ put: 'array', row, fresh });
    for (const { row, dirty, fresh } of this.#tasks.values()) if (dirty) writes.push({ put: 'task', row, fresh });
    for (const { row, dirty, fresh } of this.#attempts.values()) if (dirty) writes.push({ put: 'attempt', row, fresh });
    for (const { row, dirty, fresh } of this.#workers.values()) if (dirty) writes.push({ put: 'worker', row, fresh });
    for (const { row, dirty } of this.#tallies.values()) if (dirty) writes.push({ put: 'tally', row });
    for (const { row, dirty } of this.#pools.values()) if (dirty) writes.push({ put: 'pool', row });
    writes.push(...this.#writes);
    return {
      answer: { answer, told: this.#told },
      writes,
      changes: this.#changes,
      wake: {
        classes: [...this.#wakeClasses],
        workers: [...this.#wakeWorkers],
        due: this.#due,
        sweeps: this.#sweeps,
      },
    };
  }
}

/** A row as it was read, as it is now, and whether it must be written. */
interface Row<T> {
  row: T;
  readonly was: T;
  dirty: boolean;
  fresh: boolean;
}

function keep<K, T>(map: Map<K, Row<T>>, key: K, row: T): void {
  if (!map.has(key)) map.set(key, { row, was: row, dirty: false, fresh: false });
}

function put<K, T>(map: Map<K, Row<T>>, key: K, row: T, fresh: boolean): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, { row, was: row, dirty: true, fresh });
  else {
    known.row = row;
    known.dirty = true;
    if (fresh) known.fresh = true;
  }
}

function found<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new Error(`procedure used ${what} without reading it`);
  return row;
}

function floor(amounts: Amounts): Amounts {
  return {
    ...amounts,
    slots: Math.max(0, amounts.slots),
    cpus: Math.max(0, amounts.cpus),
    ramMb: Math.max(0, amounts.ramMb),
  };
}

function restCore(array: TaskArray) {
  return {
    state: array.rest,
    parentsLeft: array.parentsLeft,
    attempt: 0,
    failures: 0,
    losses: 0,
    policy: array.policy,
  };
}
