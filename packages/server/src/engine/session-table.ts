import type { TaskId, WorkerId } from '../domain/ids.ts';
import { type Amounts, minus, nothing, plus } from '../domain/needs.ts';
import type { Principal } from '../domain/principal.ts';
import { isRunningLike, type Task } from '../domain/task.ts';
import { busyness, roomOf, type Worker } from '../domain/worker.ts';
import type { SessionEars } from './engine.ts';

/** What this server knows of a session that is connected to it. A mirror for choosing well; the store decides. */
export interface LiveSession {
  readonly by: Principal;
  readonly number: number;
  readonly ears: SessionEars;
  /** The row as last read or reported; `used` and `holding` are kept by the mirror. Set by `describe` alone. */
  readonly worker: Worker;
  /** What it has left, and how full it is (`busyness`): asked with every wake-up, so worked out once. */
  readonly room: Amounts;
  readonly busy: number;
  readonly held: Map<TaskId, HeldTask>;
  /** Offers that it has not answered. */
  offers: number;
  claiming: boolean;
  /** Asked for again while claiming. */
  again: boolean;
  lastSeen: number;
  /** Tasks that left it while its rows were being read; null: they have been. */
  gone: Set<TaskId> | null;
}

interface HeldTask {
  readonly amounts: Amounts;
  readonly class: number;
  offered: boolean;
  /** An offer that the worker has answered; what it said is being committed. */
  answered: boolean;
}

/** Sessions by number and by worker, and which one holds which task. */
export class SessionTable {
  readonly #sessions = new Map<number, LiveSession>();
  readonly #byWorker = new Map<WorkerId, LiveSession>();
  readonly #holders = new Map<TaskId, LiveSession>();
  readonly #filling = new Set<LiveSession>();

  add(session: LiveSession): void {
    this.#sessions.set(session.number, session);
    this.#byWorker.set(session.worker.id, session);
  }

  remove(number: number): LiveSession | null {
    const session = this.#sessions.get(number);
    if (session === undefined) return null;
    this.#sessions.delete(number);
    this.#filling.delete(session);
    if (this.#byWorker.get(session.worker.id) === session) this.#byWorker.delete(session.worker.id);
    for (const task of session.held.keys()) if (this.#holders.get(task) === session) this.#holders.delete(task);
    return session;
  }

  /** What is known of the worker has changed. */
  describe(session: LiveSession, worker: Worker): void {
    Object.assign(session, { worker, ...measured(worker) });
  }

  get(number: number): LiveSession | undefined {
    return this.#sessions.get(number);
  }

  ofWorker(worker: WorkerId): LiveSession | undefined {
    return this.#byWorker.get(worker);
  }

  holderOf(task: TaskId): LiveSession | undefined {
    return this.#holders.get(task);
  }

  all(): IterableIterator<LiveSession> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** A task is with this session now, offered or begun. */
  holds(session: LiveSession, task: Task, amounts: Amounts): void {
    const holder = this.#holders.get(task.id);
    if (holder !== undefined && holder !== session) this.#drop(holder, task.id);
    const known = session.held.get(task.id);
    const offered = !isRunningLike(task.state);
    if (known !== undefined && known.offered === offered) return;
    if (known !== undefined) this.#released(session, known);
    const taken = offered ? nothing : amounts;
    session.held.set(task.id, { amounts: taken, class: task.class, offered, answered: false });
    this.#holders.set(task.id, session);
    if (offered) session.offers += 1;
    const { worker } = session;
    this.describe(session, {
      ...worker,
      used: plus(worker.used, taken),
      holding: worker.holding + 1,
      reported: worker.reported === null ? null : minus(worker.reported, taken),
    });
  }

  /** Its answer to an offer is on the way to the store: it may be shown the next one. */
  answered(session: LiveSession, task: TaskId): void {
    const known = session.held.get(task);
    if (known === undefined || !known.offered || known.answered) return;
    known.answered = true;
    session.offers -= 1;
  }

  /** Whoever held it and is not this worker holds it no more; `worker: null` is nobody. */
  leaves(task: TaskId, worker: WorkerId | null): void {
    for (const session of this.#filling) if (session.worker.id !== worker) session.gone?.add(task);
    const holder = this.#holders.get(task);
    if (holder !== undefined && holder.worker.id !== worker) this.#drop(holder, task);
  }

  /** From now until `filled` its rows are being read: what leaves it meanwhile must not be put into it. */
  filling(session: LiveSession): void {
    session.gone = new Set();
    this.#filling.add(session);
  }

  filled(session: LiveSession): void {
    session.gone = null;
    this.#filling.delete(session);
  }

  #drop(session: LiveSession, task: TaskId): void {
    const known = session.held.get(task);
    if (known === undefined) return;
    this.#holders.delete(task);
    session.held.delete(task);
    this.#released(session, known);
  }

  #released(session: LiveSession, held: HeldTask): void {
    if (held.offered && !held.answered) session.offers -= 1;
    const { worker } = session;
    const used = minus(worker.used, held.amounts);
    this.describe(session, { ...worker, used, holding: Math.max(0, worker.holding - 1) });
  }
}

export function measured(worker: Worker): Pick<LiveSession, 'room' | 'busy'> {
  return { room: roomOf(worker), busy: busyness(worker) };
}

/** Least busy first, then who holds least, then the oldest. */
export function byBusyness(a: LiveSession, b: LiveSession): number {
  return a.busy - b.busy || a.worker.holding - b.worker.holding || a.worker.id - b.worker.id;
}

/** The `n` least busy ones. */
export function leastBusy(sessions: readonly LiveSession[], n: number): LiveSession[] {
  if (n > 1) return sessions.toSorted(byBusyness).slice(0, n);
  // The usual case, without putting everybody in order.
  let best: LiveSession | null = null;
  for (const session of sessions) if (best === null || byBusyness(session, best) < 0) best = session;
  return best === null ? [] : [best];
}
