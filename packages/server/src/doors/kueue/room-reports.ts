import type { Resources } from './messages.ts';

/**
 * What a worker says of its room, and when that is worth a transaction. A head worker says it 900 times a second, and with its
 * dynamic check on, the free memory is a little different each time (kueue §4.4, §4.5): only what changes a decision is passed
 * on, and wobbling at most once per `everyMs`.
 */
export interface RoomState {
  /** Last said by the worker, less what it accepted since. */
  readonly said: Resources | null;
  /** What the engine believes at present. */
  readonly known: Resources | null;
  readonly knownAt: number;
  /** It deferred an offer since: the next report makes it eligible again, changed or not (kueue §6.3). */
  readonly deferred: boolean;
}

export const noRoom: RoomState = { said: null, known: null, knownAt: 0, deferred: false };

export interface RoomStep {
  readonly state: RoomState;
  /** Tell the engine now. */
  readonly report: Resources | null;
  /** Look again after so many ms if nothing else came; null: not needed. */
  readonly lookAfterMs: number | null;
}

const deferredFactor = 10;

const same = (a: Resources, b: Resources): boolean => a.job_slots === b.job_slots && a.cpus === b.cpus && a.ram_mb === b.ram_mb;

/** The worker reported, or it is time to look again (`said` null). `now` is monotonic ms. */
export function stepRoom(state: RoomState, said: Resources | null, now: number, everyMs: number): RoomStep {
  const next = said === null ? state : { ...state, said };
  if (next.said === null) return { state: next, report: null, lookAfterMs: null };
  const waited = now - next.knownAt;
  if (next.known !== null) {
    const unchanged = same(next.known, next.said);
    if (unchanged && !next.deferred) return { state: next, report: null, lookAfterMs: null };
    // The same numbers again would most likely bring the same deferral again.
    const pause = unchanged ? everyMs * deferredFactor : everyMs;
    if (waited < pause && !matters(next.known, next.said)) return { state: next, report: null, lookAfterMs: pause - waited };
  }
  return { state: { ...next, known: next.said, knownAt: now, deferred: false }, report: next.said, lookAfterMs: null };
}

/** A slot or a core more or less is news at once; so is memory when much of it came or went, as at the end of a job. */
function matters(known: Resources, said: Resources): boolean {
  if (known.job_slots !== said.job_slots || known.cpus !== said.cpus) return true;
  return Math.abs(known.ram_mb - said.ram_mb) * 8 >= Math.max(known.ram_mb, said.ram_mb);
}

const least = (amount: number): number => Math.max(0, amount);

/** It accepted a job: the engine has taken the amounts off by itself. */
export function tookRoom(state: RoomState, taken: Resources): RoomState {
  const less = (from: Resources | null): Resources | null =>
    from && {
      job_slots: least(from.job_slots - taken.job_slots),
      cpus: least(from.cpus - taken.cpus),
      ram_mb: least(from.ram_mb - taken.ram_mb),
    };
  return { ...state, said: less(state.said), known: less(state.known) };
}

const more = (to: Resources | null, given: Resources): Resources | null =>
  to && { job_slots: to.job_slots + given.job_slots, cpus: to.cpus + given.cpus, ram_mb: to.ram_mb + given.ram_mb };

/** An accepted job was withdrawn after the engine had taken it: the worker has its room back and does not say so (kueue §4.2). */
export function gaveRoom(state: RoomState, given: Resources): RoomState {
  return { ...state, said: more(state.said, given) };
}

/** The same before the engine had taken anything off. */
export function undoneRoom(state: RoomState, given: Resources): RoomState {
  return { ...state, said: more(state.said, given), known: more(state.known, given) };
}

export const deferredRoom = (state: RoomState): RoomState => ({ ...state, deferred: true });
