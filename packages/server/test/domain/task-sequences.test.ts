import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEnded, isRunningLike } from '../../src/domain/task.ts';
import {
  initialTaskState,
  stepTask,
  type TaskCore,
  type TaskEffect,
  type TaskEvent,
  type TaskEventName,
  taskMoves,
} from '../../src/domain/task-machine.ts';
import { intents } from './task-cases.ts';

const policy = fc.record({
  retries: fc.nat(3),
  maxLosses: fc.nat(3),
  on: fc.constantFrom('any' as const, 'distinct' as const),
  backoffMs: fc.constantFrom(0, 100),
  onLoss: fc.constantFrom('requeue' as const, 'fail' as const),
});

const session = fc.integer({ min: 1, max: 3 });
const holder = session.map((one) => ({ worker: one, session: one }));
const by = fc.record({ session, attempt: fc.option(fc.nat(6)) });
const candidates = fc.option(fc.nat(2));
const how = fc.constantFrom('defer' as const, 'reject' as const);

const simple = fc.constantFrom(...(['parent-lost', 'revive', 'due', 'hold', 'release', 'suspend', 'resume', 'retry'] as const));

const event: fc.Arbitrary<TaskEvent> = fc.oneof(
  simple.map((name) => ({ event: name })),
  holder.map((one) => ({ event: 'claim' as const, holder: one })),
  holder.map((one) => ({ event: 'offer' as const, holder: one, deadline: null })),
  session.map((one) => ({ event: 'accept' as const, session: one })),
  fc.record({ event: fc.constant('decline' as const), session, how: fc.oneof(how, fc.constant('expire' as const)) }),
  by.map((one) => ({ event: 'succeed' as const, by: one })),
  fc.record({
    event: fc.constant('fail' as const),
    by,
    reason: fc.constant('exit' as const),
    candidates,
    dice: fc.constant(0.5),
  }),
  fc.record({ event: fc.constantFrom('lose' as const, 'force' as const), candidates }),
  fc.record({ event: fc.constant('give-back' as const), by, how: fc.oneof(how, fc.constant('free' as const)), candidates }),
  fc.record({
    event: fc.constant('stop' as const),
    goal: fc.constantFrom('canceled' as const, 'requeue' as const, 'failed' as const),
    reason: fc.constant('user' as const),
    kill: fc.boolean(),
  }),
);

/** Picks one of the moves that the table names for the state it finds itself in, said by the right one. */
const fitting = fc.record({ pick: fc.nat(1_000), goal: fc.constantFrom('canceled' as const, 'requeue' as const), candidates });
type Fitting = typeof fitting extends fc.Arbitrary<infer F> ? F : never;

function fittingEvent({ state, attempt }: TaskCore, { pick, goal, candidates }: Fitting): TaskEvent {
  const names = (Object.keys(taskMoves[state.state]) as TaskEventName[]).filter((name) => name !== 'parent-succeeded');
  const session = 'session' in state ? state.session : 1 + (pick % 3);
  const holder = { worker: session, session };
  const by = { session, attempt: pick % 2 === 0 ? attempt : null };
  // Every event with every field it may need: the union has no two fields of one name with different types.
  const fields = { holder, session, by, deadline: null, reason: 'exit', candidates, dice: 0.5, how: 'defer', goal, kill: true };
  return { ...fields, event: names[pick % names.length] ?? 'retry' } as TaskEvent;
}

const happening = fc.oneof(
  { weight: 16, arbitrary: fitting },
  { weight: 6, arbitrary: event },
  { weight: 1, arbitrary: fc.constantFrom(...intents, 'none' as const, 'none' as const, 'none' as const) },
  { weight: 3, arbitrary: fc.constant('parent' as const) },
);

/** A task's life: its parents (each succeeds once at most), its policy, and what happens to it. */
const life = fc.record({
  parents: fc.nat(2),
  policy,
  happenings: fc.array(happening, { minLength: 5, maxLength: 60, size: 'max' }),
});

interface Moment {
  readonly before: TaskCore;
  readonly event: TaskEvent;
  readonly after: TaskCore;
  readonly effects: readonly TaskEffect[];
}

function play({ parents, policy, happenings }: typeof life extends fc.Arbitrary<infer L> ? L : never): Moment[] {
  let core: TaskCore = {
    state: initialTaskState({ held: false, notBefore: null, parentsLeft: parents }),
    parentsLeft: parents,
    attempt: 0,
    failures: 0,
    losses: 0,
    policy,
    intent: 'none',
  };
  let now = 1_000;
  let toCome = parents;
  const moments: Moment[] = [];
  for (const one of happenings) {
    if (typeof one === 'string' && one !== 'parent') {
      core = { ...core, intent: one };
      continue;
    }
    if (one === 'parent' && toCome === 0) continue;
    const what: TaskEvent = one === 'parent' ? { event: 'parent-succeeded' } : 'pick' in one ? fittingEvent(core, one) : one;
    now += 40;
    const outcome = stepTask(core, what, now);
    if (!('step' in outcome)) continue;
    if (one === 'parent') toCome -= 1;
    const { effects, ...rest } = outcome.step;
    const after = { ...core, ...rest };
    moments.push({ before: core, event: what, after, effects });
    core = after;
  }
  return moments;
}

const effectsOf = <E extends TaskEffect['effect']>(moments: Moment[], name: E) =>
  moments.flatMap(({ effects }) => effects.filter((one): one is TaskEffect & { effect: E } => one.effect === name));

const holds = (check: (moments: Moment[]) => void): void =>
  fc.assert(
    fc.property(life, (one) => check(play(one))),
    { numRuns: 500 },
  );

describe('a task, whatever happens to it', () => {
  it('parentsLeft only sinks, and never below 0', () =>
    holds((moments) => {
      for (const { before, after } of moments) {
        expect(after.parentsLeft).toBeGreaterThanOrEqual(0);
        expect(after.parentsLeft).toBeLessThanOrEqual(before.parentsLeft);
      }
    }));

  it('is in the queue, or beyond it, only when every parent has succeeded', () =>
    holds((moments) => {
      for (const { after } of moments) {
        if (!['waiting', 'failed', 'canceled'].includes(after.state.state)) expect(after.parentsLeft).toBe(0);
      }
    }));

  it('every attempt ends once, and before the next begins', () =>
    holds((moments) => {
      let open = 0;
      for (const { before, after, effects } of moments) {
        open += after.attempt - before.attempt;
        open -= effects.filter(({ effect }) => effect === 'attempt-ended').length;
        expect(open).toBe(isRunningLike(after.state) ? 1 : 0);
      }
    }));

  it('stays within its budgets', () =>
    holds((moments) => {
      for (const { after } of moments) {
        expect(after.failures).toBeLessThanOrEqual(after.policy.retries + 1);
        expect(after.losses).toBeLessThanOrEqual(after.policy.maxLosses + 1);
      }
    }));

  it('an end is final until a retry or a revival', () =>
    holds((moments) => {
      for (const { before, event, after } of moments) {
        if (isEnded(before.state) && after.state !== before.state) expect(['retry', 'revive']).toContain(event.event);
      }
    }));

  it('tells its children lost and revived in turns, so that their counts stay right', () =>
    holds((moments) => {
      let lost = false;
      for (const { tell } of effectsOf(moments, 'children')) {
        if (tell === 'parent-lost') expect(lost).toBe(false);
        if (tell === 'revive') expect(lost).toBe(true);
        if (tell === 'parent-succeeded') expect(lost).toBe(false);
        lost = tell === 'parent-lost';
      }
      const last = moments.at(-1)?.after.state.state;
      expect(lost).toBe(last === 'failed' || last === 'canceled');
    }));

  it('a cancel that was asked for is kept', () =>
    holds((moments) => {
      let asked = false;
      for (const { event, after } of moments) {
        if (event.event === 'stop' && event.goal === 'canceled') asked = true;
        if (event.event === 'retry' || event.event === 'revive') asked = false;
        if (asked) expect(['stopping', 'canceled']).toContain(after.state.state);
      }
    }));

  it('a worker that holds it is never told of another one', () =>
    holds((moments) => {
      for (const { before, effects } of moments) {
        for (const effect of effects) {
          if ('holder' in effect) expect('worker' in before.state && before.state.worker).toBe(effect.holder.worker);
        }
      }
    }));

  it('the lives are not trivial', () => {
    const ends = new Set<string>();
    fc.assert(
      fc.property(life, (one) => {
        for (const { before, after } of play(one)) ends.add(`${before.state.state} ${after.state.state}`);
      }),
      { numRuns: 1_000, seed: 1 },
    );
    for (const way of ['running succeeded', 'running stopping', 'offered running', 'suspended running', 'canceled waiting']) {
      expect(ends).toContain(way);
    }
  });
});
