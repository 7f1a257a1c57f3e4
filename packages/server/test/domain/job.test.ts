import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aliveOf, type Counts, moved, noCounts, totalOf, unfinishedOf } from '../../src/domain/counts.ts';
import { isFinal, jobState, jobStates } from '../../src/domain/job.ts';
import { taskStates } from '../../src/domain/task.ts';
import { counts } from './arbitraries.ts';
import { intents } from './task-cases.ts';

const intent = fc.constantFrom(...intents);
const state = fc.constantFrom(...taskStates);
const only = (part: Partial<Counts>): Counts => ({ ...noCounts, ...part });

describe('counts', () => {
  it('a move keeps the total and touches two counters', () =>
    fc.assert(
      fc.property(counts, state, state, fc.nat(5), (before, from, to, n) => {
        const after = moved(before, from, to, n);
        expect(totalOf(after)).toBe(totalOf(before));
        for (const one of taskStates) {
          expect(after[one] - before[one]).toBe((one === to ? n : 0) - (one === from ? n : 0));
        }
      }),
    ));

  it('what comes into being or goes changes the total', () => {
    expect(totalOf(moved(noCounts, null, 'ready', 3))).toBe(3);
    expect(moved(only({ failed: 1 }), 'failed', null)).toEqual(noCounts);
  });

  it('alive, unfinished and all are nested', () =>
    fc.assert(
      fc.property(counts, (one) => {
        expect(aliveOf(one)).toBeLessThanOrEqual(unfinishedOf(one));
        expect(unfinishedOf(one)).toBe(totalOf(one) - one.succeeded - one.failed - one.canceled);
      }),
    ));
});

describe('jobState', () => {
  const whatever = (check: (counts: Counts, intent: (typeof intents)[number], state: string, started: boolean) => void): void =>
    fc.assert(
      fc.property(counts, intent, fc.boolean(), (some, wish, started) => {
        const state = jobState(some, wish, started);
        expect(jobStates).toContain(state);
        check(some, wish, state, started);
      }),
      { numRuns: 2_000 },
    );

  it('is final exactly when nothing is left to do and the job is stored whole', () =>
    whatever((some, wish, state) => {
      expect(isFinal(state as never)).toBe(unfinishedOf(some) === 0 && wish !== 'building');
    }));

  it('has succeeded only if every task has', () =>
    whatever((some, wish, state) => {
      if (state === 'succeeded') expect(some.succeeded).toBe(totalOf(some));
      else if (wish === 'none' && totalOf(some) > 0) expect(some.succeeded).toBeLessThan(totalOf(some));
    }));

  it('has failed only with a failed task, and then whatever else was canceled', () =>
    whatever((some, _, state) => {
      if (state === 'failed') expect(some.failed).toBeGreaterThan(0);
      if (state === 'canceled') expect(some.failed).toBe(0);
    }));

  it('is canceling while somebody wants it gone and something is left', () =>
    whatever((some, wish, state) => {
      const wanted = wish === 'cancel' || wish === 'delete';
      expect(state === 'canceling').toBe(wanted && unfinishedOf(some) > 0);
    }));

  it('is held only while nothing runs', () =>
    whatever((some, wish, state) => {
      if (state === 'held') expect([wish, aliveOf(some)]).toEqual(['hold', 0]);
      if (wish === 'hold' && aliveOf(some) > 0) expect(state).toBe('active');
    }));

  it('waits only before its first start, and is active between two stages', () =>
    whatever((_, _wish, state, started) => {
      if (state === 'waiting') expect(started).toBe(false);
    }));

  it.each([
    [only({ waiting: 2 }), 'none', false, 'waiting'],
    [only({ waiting: 1, succeeded: 1 }), 'none', true, 'active'],
    [only({ running: 1 }), 'hold', true, 'active'],
    [only({ ready: 1 }), 'hold', true, 'held'],
    [only({ stopping: 1 }), 'cancel', true, 'canceling'],
    [only({ failed: 1, running: 1 }), 'none', true, 'active'],
    [only({ failed: 1, canceled: 3 }), 'none', true, 'failed'],
    [only({ succeeded: 1, canceled: 1 }), 'cancel', true, 'canceled'],
    [only({ succeeded: 3 }), 'cancel', true, 'succeeded'],
    [only({ succeeded: 3 }), 'building', true, 'active'],
    [noCounts, 'building', false, 'waiting'],
    [noCounts, 'cancel', false, 'canceled'],
  ] as const)('%o with intent %s, started %s: %s', (some, wish, started, expected) => {
    expect(jobState(some, wish, started)).toBe(expected);
  });
});
