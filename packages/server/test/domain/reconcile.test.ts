import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reported, reconcile } from '../../src/domain/reconcile.ts';
import { isRunningLike, type Task } from '../../src/domain/task.ts';
import { shapes } from './task-cases.ts';

type Held = Pick<Task, 'id' | 'attempt' | 'state'>;
const said = { none: [], same: [2], older: [1], newer: [3], both: [1, 2], twice: [2, 2] } as const;

describe('reconcile, every state x every report', () => {
  const cases = shapes.flatMap((state) =>
    Object.entries(said).flatMap(([name, attempts]) => [false, true].map((ended) => ({ state, name, attempts, ended }))),
  );

  it.each(cases)('$state.state $state.goal, reported $name, ended $ended', ({ state, attempts, ended }) => {
    const task: Held = { id: 5, attempt: 2, state };
    const result = reconcile(
      [task],
      attempts.map((attempt): Reported => ({ task: 5, attempt, ended })),
    );
    const live = isRunningLike(state);
    const has = (attempts as readonly number[]).includes(2);
    expect(result.adopt).toEqual(live && has ? [task] : []);
    expect(result.lost).toEqual(live && !has ? [task] : []);
    expect(result.again).toEqual(state.state === 'offered' ? [task] : []);
    expect(result.tell).toEqual(live && has && state.state !== 'running' && !ended ? [task] : []);
    const foreign = [...new Set(attempts as readonly number[])].filter((attempt) => !(live && attempt === 2));
    expect(result.unknown.map(({ attempt }) => attempt)).toEqual(foreign);
  });
});

const held = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 1, max: 8 }), attempt: fc.integer({ min: 1, max: 3 }), state: fc.constantFrom(...shapes) }),
  { selector: ({ id }) => id },
);
const reported = fc.array(
  fc.record(
    { task: fc.integer({ min: 1, max: 8 }), attempt: fc.integer({ min: 1, max: 3 }) },
    { requiredKeys: ['task', 'attempt'] },
  ),
);

describe('reconcile, any lists', () => {
  it('each live task is adopted or lost, each report adopted or unknown, nothing twice', () =>
    fc.assert(
      fc.property(held, reported, (tasks, reports) => {
        const { adopt, lost, again, tell, unknown } = reconcile(tasks, reports);
        const live = tasks.filter(({ state }) => isRunningLike(state));
        expect(new Set([...adopt, ...lost])).toEqual(new Set(live));
        expect(adopt.length + lost.length).toBe(live.length);
        expect(again).toEqual(tasks.filter(({ state }) => state.state === 'offered'));
        expect(tell.every((one) => adopt.includes(one))).toBe(true);
        const names = new Set(reports.map(({ task, attempt }) => `${task}.${attempt}`));
        const answered = [
          ...adopt.map(({ id, attempt }) => `${id}.${attempt}`),
          ...unknown.map((one) => `${one.task}.${one.attempt}`),
        ];
        expect(new Set(answered)).toEqual(names);
        expect(answered.length).toBe(names.size);
      }),
    ));

  it('a worker that reports exactly what it holds loses nothing', () =>
    fc.assert(
      fc.property(held, (tasks) => {
        const live = tasks.filter(({ state }) => isRunningLike(state));
        const result = reconcile(
          tasks,
          live.map(({ id, attempt }) => ({ task: id, attempt })),
        );
        expect([result.adopt, result.lost, result.unknown]).toEqual([live, [], []]);
      }),
    ));
});
