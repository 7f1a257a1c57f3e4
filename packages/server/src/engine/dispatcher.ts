import type { ClassId } from '../domain/ids.ts';
import { type ClassSpec, fitsIn } from '../domain/needs.ts';
import { mayClaim, suits } from '../domain/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queries } from '../ports/store.ts';
import type { AnswerOf, InputOf } from './commands.ts';
import type { Insist } from './insist.ts';
import { createOfferTimes } from './offer-times.ts';
import { ReadyClasses } from './ready-classes.ts';
import type { Runner } from './run.ts';
import { byBusyness, type LiveSession, leastBusy, type SessionTable } from './session-table.ts';

export interface DispatcherDeps {
  readonly runner: Runner;
  readonly insist: Insist;
  readonly query: Pick<Queries, 'classes' | 'liveClasses'>;
  readonly clock: Clock;
  readonly sessions: SessionTable;
  failed(where: string, cause: unknown): void;
}

export interface Dispatcher {
  /** Something became ready in these classes; 0: anywhere. */
  wakeClasses(classes: readonly ClassId[]): void;
  /** This session has room, or more room, or may take offers. */
  wakeSession(session: LiveSession): void;
  /** To be kept in step with the commits. */
  readonly ready: ReadyClasses;
}

const mostPerClaim = 256;
/** Classes looked after at once: each may wait for a commit. */
const mostSpreads = 16;
const mostSpecs = 10_000;
const widestWave = 1_024;
/** With more classes than this in question it is cheaper to ask the store. */
const mostLookedThrough = 256;

interface Claimed {
  /** Attempts begun and offers made. */
  readonly taken: number;
  /** Classes of which nobody can begin anything now. */
  readonly exhausted: readonly ClassId[];
  readonly more: boolean;
}

const nothing: AnswerOf<'claim'> = { assignments: [], exhausted: [], more: false };
const nothingClaimed: Claimed = { taken: 0, exhausted: [], more: false };

/**
 * Pushes work: the same claim that a pull worker makes, made by the server that holds the connection, at once, for the least
 * busy fitting worker first. Knows nothing that the store would not say otherwise; a lost wake-up costs time, not truth.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const specs = new Map<ClassId, ClassSpec>();
  /** How wide the last spread of a class ended. */
  const momentum = new Map<ClassId, number>();
  const ready = new ReadyClasses();
  const offerTimes = createOfferTimes(deps);
  const woken = new Set<ClassId>();
  const spreading = new Set<ClassId>();

  /** One spread of a class at a time; who wakes it meanwhile gets another one afterwards. */
  function pump(): void {
    for (const id of woken) {
      if (spreading.size >= mostSpreads) return;
      if (spreading.has(id)) continue;
      woken.delete(id);
      spreading.add(id);
      void (id === 0 ? spreadAll() : spread(id))
        .catch((cause: unknown) => deps.failed('dispatch', cause))
        .finally(() => {
          spreading.delete(id);
          pump();
        });
    }
  }

  /** Anywhere: class by class, or session by session where that is less. */
  async function spreadAll(): Promise<void> {
    const live = await ready.relist(() => deps.query.liveClasses());
    if (live.length < deps.sessions.size) for (const id of live) woken.add(id);
    else for (const session of [...deps.sessions.all()].sort(byBusyness)) wakeSession(session);
  }

  /** Waves of sessions, doubling until one of them finds nothing left for anybody, or nobody is left who could take more. */
  async function spread(id: ClassId): Promise<void> {
    const spec = await specOf(id);
    if (spec === null) return;
    const inVain = new Set<LiveSession>();
    for (let wave = momentum.get(id) ?? 1; ; wave = Math.min(2 * wave, widestWave)) {
      const fitting = [...deps.sessions.all()].filter((session) => !inVain.has(session) && couldTake(session, spec));
      const now = leastBusy(fitting, wave);
      const claimed = await Promise.all(now.map((session) => claimFor(session, fitting.length)));
      now.forEach((session, i) => {
        if (claimed[i]?.taken === 0) inVain.add(session);
      });
      const over = now.length === 0 || claimed.some(({ exhausted }) => exhausted.includes(id));
      if (!over) continue;
      // Where much comes at once, much will come: the next wave begins nearly as wide.
      if (momentum.size >= mostSpecs) momentum.clear();
      momentum.set(id, Math.max(1, Math.ceil(now.length / 2)));
      return;
    }
  }

  async function specOf(id: ClassId): Promise<ClassSpec | null> {
    const known = specs.get(id);
    if (known !== undefined) return known;
    const [row] = await deps.query.classes([id]);
    if (row === undefined) return null;
    if (specs.size >= mostSpecs) specs.clear();
    specs.set(id, row.spec);
    return row.spec;
  }

  function couldTake({ worker, room, ears, offers }: LiveSession, spec: ClassSpec): boolean {
    const { push } = ears;
    if (push === null || !mayClaim(worker) || !suits(spec, worker)) return false;
    if (push.run !== undefined && fitsIn(spec.amounts, room)) return true;
    if (push.offer === undefined || offers >= push.offers) return false;
    return worker.profile.room === 'counted' || fitsIn(spec.amounts, room);
  }

  function wakeSession(session: LiveSession): void {
    if (session.ears.push === null || !mayClaim(session.worker)) return;
    void claimFor(session, 1).catch((cause: unknown) => deps.failed('dispatch', cause));
  }

  /** Whether a claim could give it anything, as far as is known. */
  function mayFind(session: LiveSession): boolean {
    const { known } = ready;
    if (known === null || known.size > mostLookedThrough) return true;
    for (const id of known) {
      const spec = specs.get(id);
      if (spec === undefined || couldTake(session, spec)) return true;
    }
    return false;
  }

  /** One claim at a time per session; who wakes it meanwhile gets another one afterwards. Alone, it goes on while there is more. */
  async function claimFor(session: LiveSession, sharers: number): Promise<Claimed> {
    if (session.claiming) {
      session.again = true;
      return nothingClaimed;
    }
    session.claiming = true;
    try {
      for (;;) {
        session.again = false;
        const run = await claimRun(session, sharers);
        const offers = await claimOffers(session);
        const present = deps.sessions.get(session.number) === session;
        if (sharers === 1 && present && (session.again || run.more || offers.more)) continue;
        return { taken: run.taken + offers.taken, exhausted: [...run.exhausted, ...offers.exhausted], more: false };
      }
    } finally {
      session.claiming = false;
      if (session.again && deps.sessions.get(session.number) === session) wakeSession(session);
    }
  }

  async function claimRun(session: LiveSession, sharers: number): Promise<Claimed> {
    const { run } = session.ears.push ?? {};
    const free = session.room.slots;
    if (run === undefined || free <= 0 || !mayClaim(session.worker)) return nothingClaimed;
    // Several idle workers share what there is; a queue longer than that fills them in further rounds.
    const max = Math.max(1, Math.min(mostPerClaim, Math.ceil(free / sharers)));
    const { assignments, exhausted, more } = mayFind(session) ? await claim(session, 'run', max, null) : nothing;
    if (assignments.length > 0) run(assignments);
    const room = session.room.slots > 0;
    if (room && !more && session.offers === 0) await takeBack(session);
    return { taken: assignments.length, exhausted, more: more && room };
  }

  async function claimOffers(session: LiveSession): Promise<Claimed> {
    const { push } = session.ears;
    if (push?.offer === undefined || !mayClaim(session.worker)) return nothingClaimed;
    const max = Math.min(mostPerClaim, push.offers - session.offers);
    // Prefetching is for a full worker: with room left there is nothing that it could have got.
    if (max <= 0 || (push.run !== undefined && session.room.slots > 0) || !mayFind(session)) return nothingClaimed;
    const deadline = push.offerMs === null ? null : deps.clock.now() + push.offerMs;
    const { assignments, exhausted, more } = await claim(session, 'offer', max, deadline);
    if (assignments.length > 0) {
      push.offer(assignments);
      if (push.offerMs !== null)
        offerTimes.made(
          session.number,
          assignments.map(({ task }) => task.id),
          push.offerMs,
        );
    }
    // What is only shown in advance does not tell that nothing could begin.
    const all = push.run === undefined ? exhausted : [];
    return { taken: assignments.length, exhausted: all, more: more && session.offers < push.offers };
  }

  async function claim(
    session: LiveSession,
    mode: 'run' | 'offer',
    max: number,
    deadline: number | null,
  ): Promise<AnswerOf<'claim'>> {
    const { worker, by, number } = session;
    const poolsToo = mode === 'run' || worker.profile.room === 'reported';
    const input: InputOf<'claim'> = {
      worker: worker.id,
      session: number,
      max,
      mode,
      deadline,
      kinds: null,
      resume: false,
      poolsToo,
    };
    const result = await deps.runner.command(by, 'claim', input);
    if (result.value !== undefined) return result.value;
    if (result.refusal.code === 'storage') later(session);
    return nothing;
  }

  /** The storage failed: nobody else would look again. */
  function later(session: LiveSession): void {
    void deps.insist.pause().then(() => {
      if (deps.sessions.get(session.number) === session) wakeSession(session);
    });
  }

  /** A worker with room gets back one of the tasks that a full one only holds in advance. */
  async function takeBack(idle: LiveSession): Promise<void> {
    for (const rich of deps.sessions.all()) {
      if (rich === idle || rich.offers === 0 || rich.worker.profile.room !== 'counted') continue;
      for (const [task, held] of rich.held) {
        if (!held.offered) continue;
        const spec = await specOf(held.class);
        if (spec === null || !suits(spec, idle.worker) || !fitsIn(spec.amounts, idle.room)) continue;
        await deps.insist('stop', { task, goal: 'requeue', reason: 'drain', kill: false });
        return;
      }
    }
  }

  return {
    wakeClasses(classes) {
      for (const id of classes) woken.add(id);
      pump();
    },
    wakeSession,
    ready,
  };
}
