import type { ClassId } from '../domain/ids.ts';
import type { ClassSpec } from '../domain/needs.ts';
import { system } from '../domain/principal.ts';
import { fitsNow, mayClaim, roomOf, suits } from '../domain/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Assignment } from './commands.ts';
import type { Runner } from './run.ts';
import { byBusyness, type LiveSession, type SessionTable } from './session-table.ts';

export interface DispatcherDeps {
  readonly runner: Runner;
  readonly store: Store;
  readonly clock: Clock;
  readonly sessions: SessionTable;
  /** Every task that a worker was given, whoever asked. */
  assigned(session: LiveSession, assignments: readonly Assignment[]): void;
  failed(where: string, cause: unknown): void;
}

export interface Dispatcher {
  /** Something became ready in these classes; 0: anywhere. */
  wakeClasses(classes: readonly ClassId[]): void;
  /** This session has room, or more room, or may take offers. */
  wakeSession(session: LiveSession): void;
}

const mostPerClaim = 64;

/**
 * Pushes work: the same claim that a pull worker makes, made by the server that holds the connection, at once, for the least
 * busy fitting worker first. Knows nothing that the store would not say otherwise; a lost wake-up costs time, not truth.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const specs = new Map<ClassId, ClassSpec>();
  const woken = new Set<ClassId>();
  let draining = false;

  /** Per class a wave of sessions, doubling until one of them finds nothing left for anybody. */
  async function drain(): Promise<void> {
    draining = true;
    try {
      for (const id of woken) {
        woken.delete(id);
        if (id === 0) for (const session of [...deps.sessions.all()].sort(byBusyness)) wakeSession(session);
        else await spread(id);
      }
    } catch (cause) {
      deps.failed('dispatch', cause);
    } finally {
      draining = false;
      if (woken.size > 0) void drain();
    }
  }

  async function spread(id: ClassId): Promise<void> {
    const spec = await specOf(id);
    if (spec === null) return;
    const tried = new Set<LiveSession>();
    for (let wave = 1; ; wave *= 2) {
      const fitting = [...deps.sessions.all()].filter((session) => !tried.has(session) && couldTake(session, spec));
      if (fitting.length === 0) return;
      const now = fitting.sort(byBusyness).slice(0, wave);
      for (const session of now) tried.add(session);
      const exhausted = await Promise.all(now.map((session) => claimFor(session, fitting.length)));
      if (exhausted.some((classes) => classes.includes(id))) return;
    }
  }

  async function specOf(id: ClassId): Promise<ClassSpec | null> {
    const known = specs.get(id);
    if (known !== undefined) return known;
    const [row] = await deps.store.query.classes([id]);
    if (row === undefined) return null;
    if (specs.size > 10_000) specs.clear();
    specs.set(id, row.spec);
    return row.spec;
  }

  function couldTake({ worker, ears, offers }: LiveSession, spec: ClassSpec): boolean {
    const { push } = ears;
    if (push === null || !mayClaim(worker)) return false;
    const byOffer = push.offer !== undefined && offers < push.offers;
    if (push.run !== undefined && fitsNow(spec, worker)) return true;
    return byOffer && (worker.profile.room === 'counted' ? suits(spec, worker) : fitsNow(spec, worker));
  }

  function wakeSession(session: LiveSession): void {
    void claimFor(session, 1).catch((cause: unknown) => deps.failed('dispatch', cause));
  }

  /** One claim at a time per session; who wakes it meanwhile gets another one afterwards. Answers with the classes used up. */
  async function claimFor(session: LiveSession, sharers: number): Promise<readonly ClassId[]> {
    if (session.claiming) {
      session.again = true;
      return [];
    }
    session.claiming = true;
    const exhausted: ClassId[] = [];
    try {
      do {
        session.again = false;
        exhausted.push(...(await claimRun(session, sharers)), ...(await claimOffers(session)));
      } while (session.again && deps.sessions.get(session.number) === session);
    } finally {
      session.claiming = false;
    }
    return exhausted;
  }

  async function claimRun(session: LiveSession, sharers: number): Promise<readonly ClassId[]> {
    const { run } = session.ears.push ?? {};
    const free = roomOf(session.worker).slots;
    if (run === undefined || free <= 0 || !mayClaim(session.worker)) return [];
    // Several idle workers share what there is; a queue longer than that fills them in further rounds.
    const max = Math.max(1, Math.min(mostPerClaim, Math.ceil(free / sharers)));
    const { assignments, exhausted } = await claim(session, 'run', max, null);
    if (assignments.length > 0) run(assignments);
    if (assignments.length === max && max < free) session.again = true;
    if (assignments.length === 0 && session.offers === 0) await takeBack(session);
    return exhausted;
  }

  async function claimOffers(session: LiveSession): Promise<readonly ClassId[]> {
    const { push } = session.ears;
    if (push?.offer === undefined || !mayClaim(session.worker)) return [];
    const max = Math.min(mostPerClaim, push.offers - session.offers);
    // Prefetching is for a full worker: with room left there is nothing that it could have got.
    if (max <= 0 || (push.run !== undefined && roomOf(session.worker).slots > 0)) return [];
    const deadline = push.offerMs === null ? null : deps.clock.now() + push.offerMs;
    const { assignments, exhausted } = await claim(session, 'offer', max, deadline);
    if (assignments.length > 0) push.offer(assignments);
    return push.run === undefined ? exhausted : [];
  }

  async function claim(session: LiveSession, mode: 'run' | 'offer', max: number, deadline: number | null) {
    const { worker, by, number } = session;
    const poolsToo = mode === 'run' || worker.profile.room === 'reported';
    const input = { worker: worker.id, session: number, max, mode, deadline, kinds: null, resume: false, poolsToo };
    const result = await deps.runner.command(by, 'claim', input);
    if (result.refusal !== undefined) return { assignments: [], exhausted: [] };
    deps.assigned(session, result.value.assignments);
    return result.value;
  }

  /** An idle worker gets back one of the tasks that a full one only holds in advance. */
  async function takeBack(idle: LiveSession): Promise<void> {
    for (const rich of deps.sessions.all()) {
      if (rich === idle || rich.offers === 0 || rich.worker.profile.room !== 'counted') continue;
      for (const [task, held] of rich.held) {
        if (!held.offered) continue;
        const spec = await specOf(held.class);
        if (spec === null || !fitsNow(spec, idle.worker)) continue;
        await deps.runner.command(system, 'stop', { task, goal: 'requeue', reason: 'drain', kill: false });
        return;
      }
    }
  }

  return {
    wakeClasses(classes) {
      for (const id of classes) woken.add(id);
      if (!draining && woken.size > 0) void drain();
    },
    wakeSession,
  };
}
