import { beforeAll, describe, expect, it } from 'vitest';
import { taskStates } from '../../src/domain/task.ts';
import { stepTask, type TaskCore, type TaskOutcome, type TaskStep, taskMoves } from '../../src/domain/task-machine.ts';
import { type Case, events, everyCase, holder, shapes } from './task-cases.ts';
import { type Rule, rules } from './task-rules.ts';

const tableOfMoves = (): string[] =>
  taskStates.flatMap((from) =>
    Object.entries(taskMoves[from]).flatMap(([event, nexts]) => nexts.map((next) => `${from} ${event} ${next}`)),
  );

describe('task machine, every state x every event', () => {
  const broken = new Map<string, Case[]>();
  const reached = new Set<string>();
  let cases = 0;

  beforeAll(() => {
    const list = Object.entries(rules);
    everyCase((one) => {
      cases += 1;
      if ('step' in one.outcome) reached.add(`${one.core.state.state} ${one.event.event} ${one.outcome.step.state.state}`);
      for (const [name, holds] of list) {
        if (holds(one)) continue;
        const found = broken.get(name) ?? [];
        if (found.length < 3) broken.set(name, [...found, one]);
      }
    });
    // More than half a million cases.
  }, 120_000);

  it('visits every state and every event', () => {
    expect(new Set(shapes.map(({ state }) => state))).toEqual(new Set(taskStates));
    const named = new Set(Object.values(taskMoves).flatMap((row) => Object.keys(row)));
    expect(new Set(events.map(({ event }) => event))).toEqual(named);
    expect(cases).toBeGreaterThan(500_000);
  });

  it('reaches exactly the moves of the table', () => {
    expect([...reached].sort()).toEqual(tableOfMoves().sort());
  });

  it.each(Object.keys(rules))('%s', (name) => {
    expect(broken.get(name) ?? []).toEqual([]);
  });
});

/** A machine with one fault, and the rule that must notice it. */
const faults: readonly [rule: string, (core: TaskCore, step: TaskStep, event: string) => Partial<TaskStep> | null][] = [
  [
    'a step leads where the table says',
    (_, step) => (step.state.state === 'canceled' ? { state: { state: 'succeeded' } } : null),
  ],
  [
    'attempt-ended exactly when a live attempt is left',
    (_, step) => ({ effects: step.effects.filter(({ effect }) => effect !== 'attempt-ended') }),
  ],
  [
    'children hear of every end and of every return',
    (_, step) => ({ effects: step.effects.filter((one) => one.effect !== 'children' || one.tell !== 'revive') }),
  ],
  [
    'an offer is withdrawn exactly when it ends by nobody answering or by our own will',
    (_, step) => ({ effects: step.effects.filter(({ effect }) => effect !== 'withdraw') }),
  ],
  ['kill exactly on entering stopping', (_, step) => ({ effects: step.effects.filter(({ effect }) => effect !== 'kill') })],
  [
    'suspend and resume are told to the holder',
    (_, step) => ({ effects: step.effects.filter(({ effect }) => effect !== 'tell-resume') }),
  ],
  [
    'the attempt number grows by one when running begins from the queue, else never',
    (core, step, event) => (event === 'resume' ? { attempt: core.attempt + 1 } : { attempt: step.attempt }),
  ],
  [
    'failures count failures only',
    (core, step, event) => (event === 'give-back' ? { failures: core.failures + 1 } : { ...step }),
  ],
  ['losses count losses only', (_, step, event) => (event === 'retry' ? { losses: step.losses + 1 } : null)],
  [
    'beyond the failures allowed it is failed, within them never by count alone',
    (core, step, event) => (event === 'fail' && core.failures >= 2 ? { state: { state: 'ready' } } : { ...step }),
  ],
  [
    'a loss beyond the budget, or of a kind that may not be repeated, fails it',
    (core, _, event) => (event === 'lose' && core.policy.onLoss === 'fail' ? { state: { state: 'ready' } } : null),
  ],
  [
    'only a parent that succeeded lowers parentsLeft, never below 0',
    (core, _, event) => (event === 'parent-succeeded' ? { parentsLeft: core.parentsLeft - 1 } : null),
  ],
  [
    'ready only with nothing left to wait for',
    (_, step) => (step.state.state === 'waiting' ? { state: { state: 'ready' } } : null),
  ],
  [
    'what comes back follows the intent of its job',
    (_, step, event) => (event === 'decline' && step.state.state === 'waiting' ? { state: { state: 'ready' } } : null),
  ],
  [
    'nothing takes a cancel back',
    (core, _, event) => (core.state.state === 'stopping' && event === 'force' ? { state: { state: 'ready' } } : null),
  ],
  [
    'a failed attempt keeps the worker away: for good, or until its back-off and half a minute are over',
    (_, step) => ({ effects: step.effects.filter(({ effect }) => effect !== 'avoid') }),
  ],
  [
    'a reject or a defer keeps this session away',
    (_, step) => ({ effects: step.effects.map((one) => (one.effect === 'avoid' ? { ...one, session: null } : one)) }),
  ],
  [
    'the outcome kept on the attempt is what happened',
    (_, step) => ({
      effects: step.effects.map((one) => (one.effect === 'attempt-ended' ? { ...one, outcome: 'canceled' as const } : one)),
    }),
  ],
];

describe('the rules notice a broken machine', () => {
  it.each(faults)('%s', (name, fault) => {
    const rule = rules[name] as Rule;
    const step = (core: TaskCore, ...rest: [Case['event'], number]): TaskOutcome => {
      const outcome = stepTask(core, ...rest);
      if (!('step' in outcome)) return outcome;
      return { step: { ...outcome.step, ...fault(core, outcome.step, rest[0].event) } };
    };
    expect(() =>
      everyCase((one) => {
        if (!rule(one)) throw new Error('noticed');
      }, step),
    ).toThrow('noticed');
  });

  it('the fence: a machine that hears strangers', () => {
    const rule = rules['a report with a wrong fence is stale and changes nothing'] as Rule;
    const core: TaskCore = {
      state: { state: 'running', ...holder },
      parentsLeft: 0,
      attempt: 3,
      failures: 0,
      losses: 0,
      intent: 'none',
      policy: { retries: 0, maxLosses: 5, on: 'any', backoffMs: 0, onLoss: 'requeue' },
    };
    const event = { event: 'succeed', by: { session: 80, attempt: 3 } } as const;
    const heard: TaskOutcome = stepTask(core, { event: 'succeed', by: { session: holder.session, attempt: 3 } }, 0);
    expect(rule({ core, event, outcome: stepTask(core, event, 0) })).toBe(true);
    expect(rule({ core, event, outcome: heard })).toBe(false);
  });
});
