import type { Attempt } from '../../domain/attempt.ts';
import { moved } from '../../domain/counts.ts';
import type { JobId, WorkerId } from '../../domain/ids.ts';
import { type Amounts, type ClassSpec, type LimitSpec, minus, nothing, plus } from '../../domain/needs.ts';
import { rateTaken } from '../../domain/rate.ts';
import { limitPool, type Tally } from '../../domain/rows.ts';
import { poolsWanted } from '../../domain/scheduling.ts';
import { shareBegins, shareEnds } from '../../domain/share.ts';
import { type Alive, isAlive, isRunningLike, type Task, type TaskStateName } from '../../domain/task.ts';
import { type GateEvent, stepGate } from '../../domain/worker-gate.ts';
import { newTally } from './tally.ts';
import { WorkingSet } from './working-set.ts';

/** The counters that stand beside the rows: of jobs, kinds, workers and pools. Kept with every move, never counted. */
export class Ledger extends WorkingSet {
  // --- counters ---------------------------------------------------------------------------------------------------

  #tally(kind: string): Tally {
    return this.tallies.maybe(kind) ?? newTally(kind);
  }

  /** Moves `n` tasks of a kind between states in the counters of the job and of the kind. */
  protected count(job: JobId, kind: string, from: TaskStateName | null, to: TaskStateName | null, n: number): void {
    if (n === 0) return;
    const row = this.job(job);
    const started = row.startedAt ?? (to === 'running' ? this.now : null);
    this.putJob({ ...row, counts: moved(row.counts, from, to, n), startedAt: started });
    const tally = this.#tally(kind);
    this.putTally({ ...tally, counts: moved(tally.counts, from, to, n) });
  }

  /** Rows that were added (or, with a negative `n`, removed) by hand. */
  tallyAdded(kind: string, state: TaskStateName, n: number): void {
    const tally = this.#tally(kind);
    this.putTally({ ...tally, counts: moved(tally.counts, null, state, n) });
  }

  /** Takes a task that is about to be dropped out of the totals of its kind. */
  forgetTask(task: Task): void {
    this.tallyAdded(task.kind, task.state.state, -1);
    this.finishedRuns(task, -1);
  }

  /** Run times of tasks that stand as ended, added up per kind (`kueue §6.10`). */
  protected finishedRuns(task: Task, sign: 1 | -1): void {
    if (task.state.state !== 'succeeded' && task.state.state !== 'failed') return;
    if (task.startedAt === null || task.endedAt === null) return;
    const seconds = Math.max(0, Math.floor((task.endedAt - task.startedAt) / 1000));
    const tally = this.#tally(task.kind);
    const { finishedRuns, finishedSeconds } = tally;
    this.putTally({ ...tally, finishedRuns: finishedRuns + sign, finishedSeconds: finishedSeconds + sign * seconds });
  }

  // --- workers and pools ------------------------------------------------------------------------------------------

  /** Worker, resources and pools follow from who held the task before and who holds it now. */
  protected holderChanged(before: Task, task: Task): void {
    const was = isAlive(before.state) ? before.state : null;
    const is = isAlive(task.state) ? task.state : null;
    if (was === null && is === null) return;
    const { spec } = this.class(task.class);
    this.#shareChanged(spec, before, task);
    this.#rateChanged(spec, before, task);
    if (was === null && is !== null) {
      this.#workerHolds(is, 1, isRunningLike(is) ? spec.amounts : nothing);
      this.#takePools(poolsWanted(spec, this.pools), 1, spec.limit);
    } else if (was !== null && is === null) {
      const attempt = isRunningLike(was) ? this.attempt(before.id, before.attempt) : null;
      this.#workerHolds(was, -1, isRunningLike(was) ? spec.amounts : nothing);
      if (isRunningLike(was)) this.moveGate(was.worker, 'attempt-over');
      this.#takePools(attempt === null ? poolsWanted(spec, this.pools) : attempt.pools, -1);
      this.wakeWorker(was.worker);
    } else if (was !== null && is !== null && !isRunningLike(was) && isRunningLike(is)) {
      this.#workerHolds(is, 0, spec.amounts);
      // One offer less is outstanding: there may be another one.
      this.wakeWorker(is.worker);
    }
  }

  #workerHolds(holder: Alive, tasks: 1 | -1 | 0, amounts: Amounts): void {
    const worker = this.workers.maybe(holder.worker);
    if (worker === null) return;
    const more = tasks >= 0;
    const used = more ? plus(worker.used, amounts) : minus(worker.used, amounts);
    // A worker that reports its room will tell the new one by itself; until then it has less by what it just took.
    const reported = worker.reported !== null && more ? floor(minus(worker.reported, amounts)) : worker.reported;
    this.putWorker({ ...worker, used: floor(used), reported, holding: Math.max(0, worker.holding + tasks) });
  }

  /** False: not while something is under way on it. */
  moveGate(id: WorkerId, event: GateEvent): boolean {
    const worker = this.workers.maybe(id);
    if (worker === null) return true;
    const gate = stepGate(worker.gate, event, worker.holding);
    if (gate === 'busy') return false;
    if (gate === worker.gate) return true;
    this.putWorker({ ...worker, gate });
    this.workerChanged(id);
    if (gate !== 'closed') this.wakeWorker(id);
    return true;
  }

  /** Says how it is now; `worker.changed` of one transaction are not joined. */
  workerChanged(id: WorkerId): void {
    const { status, mode, wanted, gate, tags, name } = this.worker(id);
    this.change('worker.changed', { worker: id }, { status, mode, wanted, gate, tags, name });
  }

  /** Slots of an owner who shares the yard, from the moment at which they are in use. */
  #shareChanged({ fair, amounts }: ClassSpec, before: Task, task: Task): void {
    if (fair === null) return;
    const [ran, runs] = [isRunningLike(before.state), isRunningLike(task.state)];
    if (!ran && runs) for (const row of shareBegins(this.shares, fair, amounts.slots, this.now)) this.putShare(row);
    const share = this.shares.get(fair);
    if (ran && !runs && share !== undefined) {
      this.putShare(shareEnds(share, amounts.slots, before.startedAt ?? this.now, this.now));
    }
  }

  #rateChanged({ rate }: ClassSpec, before: Task, task: Task): void {
    if (rate === undefined) return;
    const shown = ({ state }: Task): number => (state.state === 'offered' ? 1 : 0);
    const begun = isRunningLike(task.state) && !isRunningLike(before.state) ? 1 : 0;
    const offered = shown(task) - shown(before);
    if (begun === 0 && offered === 0) return;
    this.putRate(rateTaken(rate, this.rates.get(rate.key), { begun, offered }, this.now));
    // An offer that came to nothing leaves its place to whatever else stands under the key.
    if (begun + offered < 0) this.wakeClass(0);
  }

  #takePools(wanted: Readonly<Record<string, number>>, sign: 1 | -1, limit?: LimitSpec): void {
    for (const name in wanted) {
      const known = this.pools.get(name);
      const counts = limit !== undefined && name === limitPool(limit.key);
      const pool = counts ? { name, used: known?.used ?? 0, total: limit.max } : known;
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
}

/** More was taken than there was, or less given back: never below nothing. */
function floor(amounts: Amounts): Amounts {
  const { slots, cpus, ramMb, named } = amounts;
  return { slots: Math.max(0, slots), cpus: Math.max(0, cpus), ramMb: Math.max(0, ramMb), named };
}
