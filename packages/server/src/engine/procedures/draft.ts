import type { Attempt } from '../../domain/attempt.ts';
import type { TaskId, WorkerId } from '../../domain/ids.ts';
import { isFinal, type Job, jobState } from '../../domain/job.ts';
import type { Block, Edge } from '../../domain/rows.ts';
import { poolsWanted } from '../../domain/scheduling.ts';
import { isAlive, isEnded, type Task, type TaskArray, type TaskState } from '../../domain/task.ts';
import { stepTask, type TaskEffect, type TaskEvent, type TaskRefusal, type TaskStep } from '../../domain/task-machine.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { virtualTask } from '../../domain/virtual-task.ts';
import { restCore, restOf } from './array-rest.ts';
import { Candidates } from './candidates.ts';
import { freshAttempt } from './fresh-attempt.ts';
import { Ledger } from './ledger.ts';

/** Something whose children may have to be told. */
export interface Ending {
  readonly kind: Edge['parentKind'];
  readonly id: number;
  readonly tell: 'parent-succeeded' | 'parent-lost' | 'revive';
}

/** How an attempt ended, as far as the reporter knows. */
export type AttemptFacts = Partial<Pick<Attempt, 'exitCode' | 'signal' | 'error' | 'result' | 'artifacts'>>;

const lostOf = ({ state }: TaskState): number => (state === 'failed' || state === 'canceled' ? 1 : 0);
const doneOf = ({ state }: TaskState): number => (state === 'succeeded' ? 1 : 0);

/**
 * The working set of one procedure, with the rules: rows are moved by the domain's machines, and what follows of it is kept
 * with them. Pure as seen from outside: it lives for one call.
 */
export class Draft extends Ledger {
  readonly #endings: Ending[] = [];
  #candidates: Candidates | null = null;

  /** Filled where the policy of a task in hand asks for it (see `loadAround`). */
  get candidates(): Candidates {
    this.#candidates ??= new Candidates();
    return this.#candidates;
  }

  // --- moves ------------------------------------------------------------------------------------------------------

  /** Steps a task row by the machine. Null: done; else the machine's refusal, and nothing has changed. */
  step(id: TaskId, event: TaskEvent, facts: AttemptFacts = {}): TaskRefusal | null {
    const task = this.task(id);
    const { state, parentsLeft, attempt, failures, losses, policy } = task;
    const { intent } = this.job(task.job);
    const asked = policy.on === 'distinct' && 'candidates' in event ? { ...event, candidates: this.#left(task, event) } : event;
    const outcome = stepTask({ state, parentsLeft, attempt, failures, losses, policy, intent }, asked, this.now);
    if ('refusal' in outcome) return outcome.refusal;
    this.#apply(task, outcome.step, facts);
    return null;
  }

  /** Whoever fails it is no candidate any more; whoever loses it may come back. */
  #left(task: Task, { event }: TaskEvent): number {
    const { state } = task;
    const fails = event === 'fail' || (state.state === 'stopping' && state.goal === 'failed');
    const without = fails && isAlive(state) ? state.worker : null;
    return this.candidates.left(task, this.class(task.class).spec, { without });
  }

  #apply(task: Task, step: TaskStep, facts: AttemptFacts): void {
    const { state, parentsLeft, attempt, failures, losses } = step;
    const begins = attempt !== task.attempt;
    const next: Task = {
      ...task,
      // The job's priority may have changed while a worker held the task.
      jobPriority: this.job(task.job).priority,
      state,
      parentsLeft,
      attempt,
      failures,
      losses,
      startedAt: begins ? this.now : task.startedAt,
      endedAt: isEnded(state) ? (isEnded(task.state) ? task.endedAt : this.now) : null,
    };
    this.putTask(next);
    this.finishedRuns(task, -1);
    this.holderChanged(task, next);
    if (begins) this.#beginAttempt(next);
    for (const effect of step.effects) this.#effect(next, effect, facts);
    this.finishedRuns(next, 1);
    if (state.state !== task.state.state) {
      this.count(task.job, task.kind, task.state.state, state.state, 1);
      if (task.array !== null) {
        const array = this.array(task.array);
        this.#arrayTotals(array, doneOf(state) - doneOf(task.state), lostOf(state) - lostOf(task.state));
      }
      this.#taskChanged(task, next);
    }
    // Whoever failed it on the way: of what has ended nobody needs to know.
    if (next.endedAt !== null && task.endedAt === null && failures > 0)
      this.write({ drop: 'exclusions', task: task.id, why: 'failed' });
    if (state.state === 'ready') this.wakeClass(next.class);
    if (state.state === 'waiting' && state.notBefore !== null) this.dueAt(state.notBefore);
    if (state.state === 'offered' && state.deadline !== null) this.dueAt(state.deadline);
  }

  #taskChanged(before: Task, task: Task): void {
    const { state } = task;
    const of = { job: this.job(task.job), task: task.id };
    const attempt = isEnded(state) ? this.attempt(task.id, task.attempt) : null;
    this.change('task.changed', isAlive(state) ? { ...of, worker: state.worker } : of, {
      state: state.state,
      from: before.state.state,
      attempt: task.attempt,
      index: task.index,
      key: task.key,
      reason: 'reason' in state ? state.reason : null,
      exitCode: attempt?.exitCode ?? null,
      signal: attempt?.signal ?? null,
    });
  }

  // --- arrays as a whole ------------------------------------------------------------------------------------------

  #arrayTotals(array: TaskArray, succeeded: number, lost: number): void {
    if (succeeded === 0 && lost === 0) return;
    const next = { ...array, succeeded: array.succeeded + succeeded, lost: array.lost + lost };
    this.putArray(next);
    if (next.succeeded === next.size && array.succeeded < array.size) this.#ending('array', next.id, 'parent-succeeded');
    if (next.lost > 0 && array.lost === 0) this.#ending('array', next.id, 'parent-lost');
    if (next.lost === 0 && array.lost > 0) this.#ending('array', next.id, 'revive');
  }

  // --- attempts -----------------------------------------------------------------------------------------------------

  #beginAttempt(task: Task): void {
    if (!isAlive(task.state)) return;
    const name = this.workers.maybe(task.state.worker)?.name ?? '';
    const pools = poolsWanted(this.class(task.class).spec, this.pools);
    this.putAttempt(freshAttempt(task, task.state, name, pools, this.now), true);
  }

  #picky(id: WorkerId): void {
    const worker = this.workers.maybe(id);
    if (worker !== null && !worker.picky) this.putWorker({ ...worker, picky: true });
  }

  // --- effects of the machine ---------------------------------------------------------------------------------------

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
        this.#exclude({ task: task.id, worker, session, until: null, why: 'void' });
        this.tell(worker, session, { tell: 'withdraw', task });
        return;
      }
      case 'avoid': {
        const { worker, session, until, why } = effect;
        this.#exclude({ task: task.id, worker, session, until, why });
        // When the avoidance is over nobody reports it: look again then.
        if (until !== null) this.dueAt(until);
        return;
      }
      case 'blame':
        this.#blame(task, effect.worker);
        return;
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
      default:
        unreachable(effect);
    }
  }

  #blame(task: Task, worker: WorkerId): void {
    const { job, kind, policy } = task;
    const { blockAfter = 0, blockMs = 0 } = policy;
    if (blockAfter <= 0) return;
    const failures = this.candidates.blame(task, worker);
    this.write({ put: 'fault', row: { job, worker, kind, failures } });
    if (failures < blockAfter || this.candidates.blockedIn(job, kind).has(worker)) return;
    this.block({ job, worker, kind, at: this.now, until: blockMs > 0 ? this.now + blockMs : null }, failures);
  }

  /** Obeyed by claims at once; the job's tasks move into classes of their own, and what nobody is left for is found by a sweep. */
  block(row: Block, failures: number): void {
    const { job, worker, kind, until } = row;
    this.candidates.block(row);
    this.write({ put: 'block', row });
    this.sweep({ kind: 'own', job });
    this.sweep({ kind: 'recheck', job, class: null, after: 0 });
    if (until !== null) this.dueAt(until);
    this.change('worker.blocked', { job: this.job(job), worker }, { kind, until, failures });
  }

  #exclude(row: { task: TaskId; worker: WorkerId; session: number | null; until: number | null; why: Why }): void {
    this.write({ put: 'exclusion', row });
    this.#picky(row.worker);
  }

  // --- arrays -----------------------------------------------------------------------------------------------------

  /** Moves the whole unclaimed rest of an array by one event. */
  stepRest(id: TaskId, event: TaskEvent): TaskRefusal | null {
    const array = this.array(id);
    const job = this.job(array.job);
    const outcome = stepTask(restCore(array, job.intent), event, this.now);
    if ('refusal' in outcome) return outcome.refusal;
    const { state, parentsLeft } = outcome.step;
    if (state.state !== 'waiting' && state.state !== 'ready' && state.state !== 'canceled') return 'state';
    const n = restOf(array);
    const from = array.rest.state;
    this.putArray({ ...array, rest: state, parentsLeft });
    if (from !== state.state && n > 0) {
      this.count(array.job, array.kind, from, state.state, n);
      this.#arrayTotals(this.array(id), 0, n * (lostOf(state) - lostOf(array.rest)));
      this.change('array.changed', { job, task: id }, { state: state.state, from, size: n });
    }
    if (state.state === 'ready' && n > 0) this.wakeClass(array.class);
    if (state.state === 'waiting' && state.notBefore !== null) this.dueAt(state.notBefore);
    return null;
  }

  /** Gives an unclaimed index a row of its own: because it is claimed next, or because somebody acts on it alone. */
  materialise(id: TaskId, index: number): Task {
    const array = this.array(id);
    const task = virtualTask(array, index);
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

  /** Brings every touched job's cached state in line. Call once, when all moves are made. */
  closeJobs(): void {
    for (const { row, was, dirty, fresh } of this.jobs.all()) {
      if (!dirty) continue;
      const state = jobState(row.counts, row.intent, row.startedAt !== null);
      const endedAt = isFinal(state) ? (row.endedAt ?? this.now) : null;
      const next = { ...row, state, endedAt };
      this.putJob(next);
      if (fresh) continue;
      const same = was.state === state && was.intent === row.intent && was.priority === row.priority;
      if (same) continue;
      const { intent, priority, counts } = next;
      // A deleted job is hidden: `job.deleted` was the last word on it.
      if (intent !== 'delete') this.change('job.changed', { job: next }, { state, from: was.state, intent, priority, counts });
      if (was.state !== state) this.#jobEnding(next, was);
    }
  }

  #jobEnding(job: Job, was: Job): void {
    if (isFinal(job.state)) this.#ending('job', job.id, job.state === 'succeeded' ? 'parent-succeeded' : 'parent-lost');
    else if (was.state === 'failed' || was.state === 'canceled') this.#ending('job', job.id, 'revive');
    // A job asked to be deleted is gone once its last attempt is over.
    if (isFinal(job.state) && job.intent === 'delete') this.purge(job.id);
  }

  #ending(kind: Ending['kind'], id: number, tell: Ending['tell']): void {
    this.#endings.push({ kind, id, tell });
  }

  /** What may have children to be told; edges of tasks and arrays stay inside their job. */
  get endings(): readonly Ending[] {
    return this.#endings.filter((ending) => !this.#followsItsJob(ending));
  }

  /** In a job that is being canceled the sweep over its tasks reaches every child by itself. */
  #followsItsJob({ kind, id, tell }: Ending): boolean {
    if (kind === 'job' || tell !== 'parent-lost') return false;
    const job = kind === 'task' ? this.tasks.maybe(id)?.job : this.arrays.maybe(id)?.job;
    const intent = job === undefined ? 'none' : this.maybeJob(job)?.intent;
    return intent === 'cancel' || intent === 'delete';
  }

  spread({ kind: parentKind, id: parent, tell }: Ending): void {
    this.sweep({ kind: 'children', parentKind, parent, tell, after: 0 });
  }
}

type Why = 'rejected' | 'deferred' | 'failed' | 'void';
