import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Wanted, WorkerMode, WorkerStatus } from '../../src/domain/worker.ts';
import {
  freshWorker,
  stepWorker,
  type WorkerCore,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerOutcome,
  workerMoves,
} from '../../src/domain/worker-machine.ts';

const statuses = Object.keys(workerMoves) as WorkerStatus[];
const modes: readonly WorkerMode[] = ['awake', 'asleep', 'testing', 'error', 'draining'];
const wishes: readonly Wanted[] = ([...modes, 'shutdown'] as const).flatMap((mode) =>
  [false, true].map((lazy) => ({ mode, lazy })),
);
const present = 5;

const profiles = [0, 15_000].flatMap((graceMs) =>
  [false, true].flatMap((connection) => [false, true].map((ephemeral) => ({ graceMs, connection, ephemeral }))),
);

const events: readonly WorkerEvent[] = [
  ...[false, true].map((approved): WorkerEvent => ({ event: 'register', approved })),
  { event: 'approve' },
  { event: 'restarted' },
  ...wishes.map((wish): WorkerEvent => ({ event: 'wish', wish })),
  ...[4, present, 6].flatMap((session): WorkerEvent[] => [
    ...[null, ...modes].map((mode): WorkerEvent => ({ event: 'sign-on', session, mode })),
    ...modes.map((mode): WorkerEvent => ({ event: 'ack-mode', session, mode })),
    { event: 'seen', session },
    { event: 'connection-lost', session },
    { event: 'grace-over', session },
    { event: 'sign-off', session },
    { event: 'drain', session },
  ]),
];

const cores: readonly WorkerCore[] = statuses.flatMap((status) =>
  modes.flatMap((mode) =>
    [null, ...wishes].flatMap((wanted) =>
      profiles.flatMap((profile) =>
        (status === 'pending' || status === 'offline' ? [0, present] : [present]).map((session) =>
          Object.freeze({ status, mode, wanted, session, profile }),
        ),
      ),
    ),
  ),
);

interface Case {
  readonly core: WorkerCore;
  readonly event: WorkerEvent;
  readonly outcome: WorkerOutcome;
}

const stepped = ({ outcome }: Case) => ('step' in outcome ? outcome.step : null);
const effect = (one: Case, name: WorkerEffect['effect']): WorkerEffect | null =>
  stepped(one)?.effects.find((found) => found.effect === name) ?? null;
const connected = (status: WorkerStatus): boolean => status === 'starting' || status === 'online';
const working = (status: WorkerStatus): boolean => connected(status) || status === 'lost';
const hasSession = ({ status, session }: WorkerCore): boolean => status !== 'offline' && session > 0;

const rules: Readonly<Record<string, (one: Case) => boolean>> = {
  'a step leads where the table says': (one) => {
    const next = stepped(one)?.status;
    return next === undefined || (workerMoves[one.core.status][one.event.event] ?? []).includes(next);
  },
  'what the table does not name is refused': (one) =>
    workerMoves[one.core.status][one.event.event] !== undefined || stepped(one) === null,
  'what comes from another session is stale': (one) => {
    if (!('session' in one.event) || one.event.event === 'sign-on') return true;
    const heard = hasSession(one.core) && one.event.session === one.core.session;
    return heard || ('refusal' in one.outcome && one.outcome.refusal === 'stale');
  },
  'a new session has a higher number than the last': (one) =>
    one.event.event !== 'sign-on' || (stepped(one) !== null) === one.event.session > one.core.session,
  'the session changes only by signing on, or by leaving while pending': (one) => {
    const step = stepped(one);
    if (step === null || step.session === one.core.session) return true;
    if (one.event.event === 'sign-on') return step.session === one.event.session;
    return one.core.status === 'pending' && step.session === 0;
  },
  'a session over is told exactly when work can have been held and cannot any more': (one) => {
    const step = stepped(one);
    const ends = step?.status === 'offline' && working(one.core.status);
    const told = effect(one, 'session-over');
    if (told === null) return !ends;
    const how = one.event.event === 'sign-off' ? 'signed-off' : 'lost';
    return ends && told.effect === 'session-over' && told.session === one.core.session && told.how === how;
  },
  'an ephemeral worker is forgotten with its session': (one) =>
    (effect(one, 'forget') !== null) === (one.core.profile.ephemeral && effect(one, 'session-over') !== null),
  'a grace begins exactly on becoming lost, as long as its profile says': (one) => {
    const grace = effect(one, 'grace');
    if (stepped(one)?.status !== 'lost' || one.event.event === 'wish' || one.event.event === 'register') return grace === null;
    return (
      grace?.effect === 'grace' && grace.ms === one.core.profile.graceMs && grace.ms > 0 && grace.session === one.core.session
    );
  },
  'a server start is the end of a session that was a connection': (one) =>
    one.event.event !== 'restarted' ||
    !working(one.core.status) ||
    !one.core.profile.connection ||
    stepped(one)?.status === 'offline',
  'an older session still standing is replaced': (one) => {
    const expected = one.event.event === 'sign-on' && stepped(one) !== null && hasSession(one.core);
    const replaced = effect(one, 'replaced');
    if (replaced === null) return !expected;
    return expected && replaced.effect === 'replaced' && replaced.session === one.core.session;
  },
  'approval is not taken back': (one) => one.core.status === 'pending' || stepped(one)?.status !== 'pending',
  'only approval lets a pending worker in': (one) => {
    if (one.core.status !== 'pending' || stepped(one) === null) return true;
    const allowed = one.event.event === 'approve' || (one.event.event === 'register' && one.event.approved);
    return (stepped(one)?.status !== 'pending') === allowed;
  },
  'a shutdown asked for is over when it signs on again or has signed off': (one) => {
    if (one.event.event !== 'sign-on' && one.event.event !== 'sign-off') return true;
    const step = stepped(one);
    if (one.core.status === 'pending' && one.event.event === 'sign-off') return true;
    return step === null || step.wanted?.mode !== 'shutdown';
  },
  'any other wish stands until what was wished is said': (one) => {
    const step = stepped(one);
    const { wanted } = one.core;
    if (step === null || wanted === null || wanted.mode === 'shutdown') return true;
    if (one.event.event === 'wish') return step.wanted === one.event.wish;
    const said = 'mode' in one.event ? one.event.mode : one.event.event === 'drain' ? 'draining' : null;
    return said === wanted.mode ? step.wanted === null : step.wanted === wanted;
  },
  'who slept when it signed off is asked to sleep again': (one) => {
    if (one.event.event !== 'sign-off' || one.core.status === 'pending' || stepped(one) === null) return true;
    const free = one.core.wanted === null || one.core.wanted.mode === 'shutdown';
    return one.core.mode !== 'asleep' || !free || stepped(one)?.wanted?.mode === 'asleep';
  },
  'a wish reaches who is there: when it is made, and again when it comes back': (one) => {
    const step = stepped(one);
    const told = effect(one, 'tell');
    if (step === null) return true;
    if (told !== null && told.effect === 'tell' && told.wish !== step.wanted) return false;
    const back =
      connected(step.status) &&
      (one.core.status !== step.status || one.event.event === 'sign-on') &&
      one.core.status !== 'starting';
    if (back && step.wanted !== null) return told !== null;
    const asked = one.event.event === 'wish' && step.wanted === one.event.wish;
    if (asked && connected(step.status)) return told !== null;
    return true;
  },
  'nobody is told anything while away': (one) =>
    effect(one, 'tell') === null || connected(stepped(one)?.status ?? 'offline') || one.core.status === 'pending',
  'its mode is what it said last': (one) => {
    const step = stepped(one);
    if (step === null) return true;
    if (one.event.event === 'ack-mode') return step.mode === one.event.mode;
    if (one.event.event === 'drain') return step.mode === 'draining';
    if (one.event.event === 'sign-on') return step.mode === (one.event.mode ?? 'awake');
    return step.mode === one.core.mode;
  },
};

describe('worker machine, every status x every event', () => {
  const broken = new Map<string, Case[]>();
  const reached = new Set<string>();

  beforeAll(() => {
    for (const core of cores) {
      for (const event of events) {
        const one = { core, event, outcome: stepWorker(core, event) };
        if ('step' in one.outcome) reached.add(`${core.status} ${event.event} ${one.outcome.step.status}`);
        for (const [name, holds] of Object.entries(rules)) {
          if (!holds(one)) broken.set(name, [...(broken.get(name) ?? []).slice(0, 2), one]);
        }
      }
    }
  });

  it('reaches exactly the moves of the table', () => {
    const table = statuses.flatMap((from) =>
      Object.entries(workerMoves[from]).flatMap(([event, nexts]) => nexts.map((next) => `${from} ${event} ${next}`)),
    );
    expect([...reached].sort()).toEqual(table.sort());
  });

  it.each(Object.keys(rules))('%s', (name) => {
    expect(broken.get(name) ?? []).toEqual([]);
  });
});

describe('a worker, whatever happens to it', () => {
  const profile = fc.record({ graceMs: fc.constantFrom(0, 1_000), connection: fc.boolean(), ephemeral: fc.boolean() });
  /** A session event comes from the present session or from the one before. */
  const happening = fc.record({
    event: fc.constantFrom(...events),
    late: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  });

  function play(core: WorkerCore, happenings: readonly { event: WorkerEvent; late: boolean }[]): Case[] {
    let now = core;
    let newest = 0;
    return happenings.flatMap(({ event, late }) => {
      const session = event.event === 'sign-on' ? newest + 1 : Math.max(1, newest - (late ? 1 : 0));
      const what = 'session' in event ? { ...event, session } : event;
      const outcome = stepWorker(now, what);
      const one = { core: now, event: what, outcome };
      if (!('step' in outcome)) return [];
      if (event.event === 'sign-on') newest = session;
      const { effects: _, ...rest } = outcome.step;
      now = { ...now, ...rest };
      return [one];
    });
  }

  const holds = (check: (cases: Case[]) => void): void =>
    fc.assert(
      fc.property(profile, fc.boolean(), fc.array(happening, { maxLength: 60, size: 'max' }), (some, approved, happenings) =>
        check(play({ ...freshWorker(approved), profile: some }, happenings)),
      ),
      { numRuns: 1_000 },
    );

  it('every session in which it could work is ended once, by its end or by the next one', () =>
    holds((cases) => {
      const open = new Set<number>();
      for (const one of cases) {
        const step = stepped(one);
        for (const found of step?.effects ?? []) {
          if (found.effect === 'session-over') expect(open.delete(found.session)).toBe(true);
          if (found.effect === 'replaced') open.delete(found.session);
        }
        if (step !== null && working(step.status)) open.add(step.session);
        expect(open.size).toBe(step !== null && working(step.status) ? 1 : 0);
      }
    }));

  it('a lost worker always has a grace running that ends it', () =>
    holds((cases) => {
      let armed = 0;
      for (const one of cases) {
        const grace = effect(one, 'grace');
        if (grace?.effect === 'grace') armed = grace.session;
        const step = stepped(one);
        if (step?.status !== 'lost') continue;
        expect(armed).toBe(step.session);
        const after = stepWorker({ ...one.core, ...step }, { event: 'grace-over', session: armed });
        expect('step' in after && after.step.status).toBe('offline');
      }
    }));

  it('works only after somebody approved it', () =>
    holds((cases) => {
      let approved = cases[0]?.core.status === 'offline';
      for (const one of cases) {
        if (one.event.event === 'approve' || (one.event.event === 'register' && one.event.approved)) approved = true;
        if (!approved) expect(stepped(one)?.status).toBe('pending');
      }
    }));
});
