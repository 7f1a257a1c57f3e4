import type { SessionNumber } from './ids.ts';
import { unreachable } from './unreachable.ts';
import type { Wanted, WorkerMode, WorkerProfile, WorkerStatus } from './worker.ts';

/** What the machine sees of a worker. */
export interface WorkerCore {
  readonly status: WorkerStatus;
  readonly mode: WorkerMode;
  readonly wanted: Wanted | null;
  /** Of the present or the last session; 0 while there was none, and for a pending worker that is not connected. */
  readonly session: SessionNumber;
  readonly profile: Pick<WorkerProfile, 'graceMs' | 'connection' | 'ephemeral'>;
}

export type WorkerEvent =
  /** It introduces itself, for the first time or again. An approval once given is not taken back by it. */
  | { readonly event: 'register'; readonly approved: boolean }
  | { readonly event: 'approve' }
  /** A new session begins. `mode: null`: it has not said yet what it is ready for, see `ack-mode`. */
  | { readonly event: 'sign-on'; readonly session: SessionNumber; readonly mode: WorkerMode | null }
  /** A sign of life in this session, nothing more. */
  | { readonly event: 'seen'; readonly session: SessionNumber }
  /** The connection broke, or the lease ran out. */
  | { readonly event: 'connection-lost'; readonly session: SessionNumber }
  | { readonly event: 'grace-over'; readonly session: SessionNumber }
  /** It leaves in good order. */
  | { readonly event: 'sign-off'; readonly session: SessionNumber }
  /** The server was started anew: what stood in its memory about this worker is gone. */
  | { readonly event: 'restarted' }
  /** Somebody asks it to become something. */
  | { readonly event: 'wish'; readonly wish: Wanted }
  /** It says what it has become, asked or not. */
  | { readonly event: 'ack-mode'; readonly session: SessionNumber; readonly mode: WorkerMode }
  /** It says that it takes nothing new and will leave. */
  | { readonly event: 'drain'; readonly session: SessionNumber };

export type WorkerEventName = WorkerEvent['event'];

export type WorkerEffect =
  /** Another session of the same worker was still standing: close it; what it held goes to the new one, or is reconciled. */
  | { readonly effect: 'replaced'; readonly session: SessionNumber }
  /** Call `grace-over` for this session after so many ms. */
  | { readonly effect: 'grace'; readonly session: SessionNumber; readonly ms: number }
  /** Everything held in this session is free: as `lose` if it was lost, as `give-back` if it signed off. */
  | { readonly effect: 'session-over'; readonly session: SessionNumber; readonly how: 'lost' | 'signed-off' }
  | { readonly effect: 'tell'; readonly wish: Wanted }
  /** The row goes as soon as it holds nothing. */
  | { readonly effect: 'forget' };

export interface WorkerStep {
  readonly status: WorkerStatus;
  readonly mode: WorkerMode;
  readonly wanted: Wanted | null;
  readonly session: SessionNumber;
  readonly effects: readonly WorkerEffect[];
}

/** Why a step is refused. `stale`: not from the present session. `state`: not possible from this status. */
export type WorkerRefusal = 'stale' | 'state';
export type WorkerOutcome = { readonly step: WorkerStep } | { readonly refusal: WorkerRefusal };

/** The moves that exist: from a status, by an event, to these. Tests, docs and legends are made from it; `stepWorker` obeys it. */
export const workerMoves: Readonly<Record<WorkerStatus, Partial<Record<WorkerEventName, readonly WorkerStatus[]>>>> = {
  pending: {
    register: ['pending', 'online', 'offline'],
    approve: ['online', 'offline'],
    'sign-on': ['pending'],
    seen: ['pending'],
    'connection-lost': ['pending'],
    'sign-off': ['pending'],
    restarted: ['pending'],
    wish: ['pending'],
    'ack-mode': ['pending'],
    drain: ['pending'],
  },
  starting: {
    register: ['starting'],
    'sign-on': ['starting', 'online'],
    seen: ['starting'],
    'connection-lost': ['lost', 'offline'],
    'sign-off': ['offline'],
    restarted: ['lost', 'offline'],
    wish: ['starting'],
    'ack-mode': ['online'],
    drain: ['online'],
  },
  online: {
    register: ['online'],
    'sign-on': ['starting', 'online'],
    seen: ['online'],
    'connection-lost': ['lost', 'offline'],
    'sign-off': ['offline'],
    restarted: ['lost', 'offline'],
    wish: ['online'],
    'ack-mode': ['online'],
    drain: ['online'],
  },
  lost: {
    register: ['lost'],
    'sign-on': ['starting', 'online'],
    seen: ['online'],
    'grace-over': ['offline'],
    'sign-off': ['offline'],
    restarted: ['lost', 'offline'],
    wish: ['lost'],
    'ack-mode': ['online'],
    drain: ['online'],
  },
  offline: {
    register: ['offline'],
    'sign-on': ['starting', 'online'],
    restarted: ['offline'],
    wish: ['offline'],
  },
};

/** A worker that nobody has seen before, as its row begins. */
export function freshWorker(approved: boolean): Pick<WorkerCore, 'status' | 'mode' | 'wanted' | 'session'> {
  return { status: approved ? 'offline' : 'pending', mode: 'awake', wanted: null, session: 0 };
}

type Changes = Partial<Omit<WorkerStep, 'effects'>>;

function to(core: WorkerCore, changes: Changes, effects: readonly WorkerEffect[] = []): WorkerOutcome {
  const { status, mode, wanted, session } = core;
  return { step: { status, mode, wanted, session, ...changes, effects } };
}

const no = (refusal: WorkerRefusal): WorkerOutcome => ({ refusal });

/** Moves a worker by one event. Total: every status answers every event with a step or a refusal. */
export function stepWorker(core: WorkerCore, event: WorkerEvent): WorkerOutcome {
  switch (event.event) {
    case 'register':
      return event.approved && core.status === 'pending' ? approved(core) : to(core, {});
    case 'approve':
      return core.status === 'pending' ? approved(core) : no('state');
    case 'sign-on':
      return onSignOn(core, event.session, event.mode);
    case 'restarted':
      return onRestarted(core);
    case 'wish':
      return onWish(core, event.wish);
    case 'seen':
    case 'connection-lost':
    case 'grace-over':
    case 'sign-off':
    case 'ack-mode':
    case 'drain':
      // Whatever comes from a session that is over changes nothing.
      return hasSession(core) && event.session === core.session ? inSession(core, event) : no('stale');
    default:
      return unreachable(event);
  }
}

type SessionEvent = WorkerEvent & {
  event: 'seen' | 'connection-lost' | 'grace-over' | 'sign-off' | 'ack-mode' | 'drain';
};

function inSession(core: WorkerCore, event: SessionEvent): WorkerOutcome {
  switch (event.event) {
    case 'seen':
      return core.status === 'lost' ? to(core, { status: 'online' }, telling(core.wanted)) : to(core, {});
    case 'connection-lost':
      return onConnectionLost(core);
    case 'grace-over':
      return core.status === 'lost' ? over(core, 'lost') : no('state');
    case 'sign-off':
      return onSignOff(core);
    case 'ack-mode':
      return became(core, event.mode);
    case 'drain':
      return became(core, 'draining');
    default:
      return unreachable(event);
  }
}

function hasSession(core: WorkerCore): boolean {
  return core.status !== 'offline' && core.session > 0;
}

const telling = (wanted: Wanted | null): WorkerEffect[] => (wanted === null ? [] : [{ effect: 'tell', wish: wanted }]);

/** One that is connected already (it asks and is told to wait) goes to work at once. */
function approved(core: WorkerCore): WorkerOutcome {
  if (!hasSession(core)) return to(core, { status: 'offline' });
  return to(core, { status: 'online' }, telling(core.wanted));
}

function onSignOn(core: WorkerCore, session: SessionNumber, mode: WorkerMode | null): WorkerOutcome {
  if (session <= core.session) return no('stale');
  // A shutdown asked for has happened, now that it starts again; any other wish still stands.
  const pending = core.wanted?.mode === 'shutdown' ? null : core.wanted;
  const wanted = pending?.mode === mode ? null : pending;
  const effects: WorkerEffect[] = hasSession(core) ? [{ effect: 'replaced', session: core.session }] : [];
  if (core.status === 'pending') return to(core, { session, mode: mode ?? 'awake', wanted }, effects);
  effects.push(...telling(wanted));
  return to(core, { status: mode === null ? 'starting' : 'online', mode: mode ?? 'awake', wanted, session }, effects);
}

/** A pending worker holds nothing: with its connection its session is simply gone. */
function onConnectionLost(core: WorkerCore): WorkerOutcome {
  if (core.status === 'pending') return to(core, { session: 0 });
  if (core.status === 'lost') return no('state');
  return waitFor(core, core.profile.graceMs);
}

function waitFor(core: WorkerCore, graceMs: number): WorkerOutcome {
  if (graceMs <= 0) return over(core, 'lost');
  return to(core, { status: 'lost' }, [{ effect: 'grace', session: core.session, ms: graceMs }]);
}

function over(core: WorkerCore, how: 'lost' | 'signed-off', changes: Changes = {}): WorkerOutcome {
  const effects: WorkerEffect[] = [{ effect: 'session-over', session: core.session, how }];
  if (core.profile.ephemeral) effects.push({ effect: 'forget' });
  return to(core, { ...changes, status: 'offline' }, effects);
}

function onSignOff(core: WorkerCore): WorkerOutcome {
  if (core.status === 'pending') return to(core, { session: 0 });
  const nothingElse = core.wanted === null || core.wanted.mode === 'shutdown';
  // One that slept sleeps again after its next start, unless something else was asked meanwhile.
  if (core.mode === 'asleep' && nothingElse) return over(core, 'signed-off', { wanted: { mode: 'asleep', lazy: false } });
  return over(core, 'signed-off', core.wanted?.mode === 'shutdown' ? { wanted: null } : {});
}

function onRestarted(core: WorkerCore): WorkerOutcome {
  if (core.status === 'offline') return to(core, {});
  if (core.status === 'pending') return to(core, { session: 0 });
  return waitFor(core, core.profile.connection ? 0 : core.profile.graceMs);
}

function onWish(core: WorkerCore, wish: Wanted): WorkerOutcome {
  const away = core.status === 'offline' || core.status === 'lost';
  if (wish.mode === 'shutdown' && core.status === 'offline') return no('state');
  // What it is already, with no other wish under way, needs no word.
  if (core.status === 'online' && core.wanted === null && wish.mode === core.mode) return to(core, {});
  return to(core, { wanted: wish }, away || !hasSession(core) ? [] : telling(wish));
}

/** A wish is fulfilled only by what was wished: a late answer to an earlier one does not clear it. */
function became(core: WorkerCore, mode: WorkerMode): WorkerOutcome {
  const wanted = core.wanted?.mode === mode ? null : core.wanted;
  const back = core.status === 'lost' ? telling(wanted) : [];
  return to(core, { status: core.status === 'pending' ? 'pending' : 'online', mode, wanted }, back);
}
