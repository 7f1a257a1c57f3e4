import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../src/kinds/array.ts';
import { compile, kinds } from '../../src/kinds/index.ts';
import { circleIn, parentsFirst } from '../../src/kinds/order.ts';
import { shellName } from '../../src/kinds/shell-task.ts';

const shell = (more: Record<string, unknown> = {}, request: Record<string, unknown> = {}) =>
  compile({ ...request, spec: { argv: ['echo', 'hi'], ...more } } as never);
const graph = (...tasks: Record<string, unknown>[]) =>
  compile({ kind: 'graph', spec: { tasks: tasks.map((task) => ({ argv: ['x'], ...task })) } } as never);
const wrong = ({ refusal }: { refusal?: { code: string; at?: string } | undefined }) => [refusal?.code, refusal?.at];

describe('compile', () => {
  it('makes a plan with everything that was left out', () => {
    expect(shell().value).toMatchObject({
      name: 'echo hi',
      kind: 'shell',
      priority: 0,
      labels: {},
      after: [],
      hold: false,
      notBefore: null,
      startOn: null,
      spec: '{"argv":["echo","hi"]}',
      tasks: [
        {
          key: null,
          kind: 'shell',
          tags: ['files'],
          amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
          pools: {},
          pin: null,
          policy: { retries: 0, maxLosses: 5, on: 'any', backoffMs: 1_000, onLoss: 'requeue' },
          body: '{"payload":{"argv":["echo","hi"]}}',
          array: null,
        },
      ],
    });
  });

  it('passes on what the request says', () => {
    const request = { name: 'n', priority: 3, labels: { a: 'b' }, after: [4, 4, 5], hold: true, startOn: 7 };
    const plan = shell({}, { ...request, notBefore: '2026-01-01T00:00:00Z' }).value;
    expect(plan).toMatchObject({ ...request, after: [4, 5], notBefore: Date.UTC(2026, 0, 1) });
    const needs = { slots: 2, cpus: 3, ramMb: 4, resources: { gpu: 1 }, pools: { p: 1 }, tags: ['t'], worker: 9 };
    const [task] = shell({ needs, priority: 1, retries: 2, maxLosses: 0, retryOn: 'distinct', backoffMs: 0, timeoutMs: 5 }).value!
      .tasks;
    expect(task).toMatchObject({
      tags: ['t', 'files'],
      amounts: { slots: 2, cpus: 3, ramMb: 4, named: { gpu: 1 } },
      pools: { p: 1 },
      pin: 9,
      priority: 1,
      policy: { retries: 2, maxLosses: 0, on: 'distinct', backoffMs: 0 },
      timeoutMs: 5,
    });
  });

  it('names the culprit of what it refuses', () => {
    expect(wrong(compile({ kind: 'nix', spec: {} }))).toEqual(['unknown_kind', '/kind']);
    expect(wrong(compile({ kind: 'constructor', spec: {} }))).toEqual(['unknown_kind', '/kind']);
    expect(wrong(compile({ spec: {} }))[0]).toBe('malformed');
    expect(wrong(shell({ nix: 1 }))).toEqual(['unknown_field', '/spec/nix']);
    expect(wrong(shell({ retries: 'x' }))).toEqual(['malformed', '/spec/retries']);
    expect(wrong(shell({ argv: [''] }))).toEqual(['invalid', '/spec/argv']);
    expect(wrong(shell({ argv: ['x', 'a\0b'] }))).toEqual(['invalid', '/spec/argv']);
    expect(wrong(shell({ cwd: 'here' }))).toEqual(['invalid', '/spec/cwd']);
    expect(wrong(shell({ outputs: ['ok', '../up'] }))).toEqual(['invalid', '/spec/outputs/1']);
    const blob = 'a'.repeat(64);
    for (const path of ['/etc/passwd', 'C:\\x', '\\\\host\\x', 'a/../../b', 'a\\..\\b', 'x\0']) {
      expect(wrong(shell({ inputs: [{ path, blob }] }))).toEqual(['invalid', '/spec/inputs/0/path']);
    }
    expect(wrong(shell({ inputs: [{ path: 'x', task: 'other', artifact: 'y' }] }))).toEqual([
      'unknown_parent',
      '/spec/inputs/0/task',
    ]);
  });

  it('a task with a folder of its own and no files runs on any worker', () => {
    expect(shell({ cwd: '/srv' }).value!.tasks[0]!.tags).toEqual([]);
    expect(shell({ cwd: '/srv', outputs: ['x'] }).value!.tasks[0]!.tags).toEqual(['files']);
    expect(shell({ cwd: 'C:\\work' }).value!.tasks[0]!.tags).toEqual([]);
  });

  it('names the tasks of other jobs whose files it takes', () => {
    const inputs = [
      { path: 'a', task: 12, artifact: 'x' },
      { path: 'b', blob: 'b'.repeat(64) },
    ];
    const [task] = shell({ inputs }).value!.tasks;
    expect(task).toMatchObject({ takesFrom: [12], refersTo: [] });
    expect(JSON.parse(task!.body!).inputs).toEqual([
      { path: 'a', task: 12, count: 1, artifact: 'x' },
      { path: 'b', blob: 'b'.repeat(64) },
    ]);
  });

  it('every kind has a text and a schema', () => {
    for (const [name, { text, spec }] of Object.entries(kinds))
      expect([name, text.length > 5, typeof spec]).toEqual([name, true, 'object']);
  });
});

describe('names of jobs', () => {
  it('are the command, one line, not endless, never half a character', () => {
    expect(shellName(['a\n b', '  c'])).toBe('a b c');
    expect(shellName([' '])).toBe('shell');
    const long = shellName(['x'.repeat(78), '😀😀']);
    expect([long.length <= 80, long.isWellFormed(), long.endsWith('…')]).toEqual([true, true, true]);
  });
});

describe('arrays', () => {
  it('a range counts its last number in; items count themselves', () => {
    expect(arrayOf({ from: 1, to: 10, step: 3 }, '/a').value).toEqual({ size: 4, first: 1, step: 3, items: null });
    expect(arrayOf({ from: 5, to: 5 }, '/a').value).toMatchObject({ size: 1 });
    expect(arrayOf({ items: ['a', 'b'] }, '/a').value).toMatchObject({ size: 2, items: ['a', 'b'] });
    expect(arrayOf(undefined, '/a').value).toBeNull();
  });

  it('an empty or an endless one is refused', () => {
    expect(wrong(arrayOf({ from: 3, to: 2 }, '/a'))).toEqual(['invalid', '/a']);
    expect(wrong(arrayOf({ from: 0, to: 9_999_999 }, '/a'))).toEqual([undefined, undefined]);
    expect(wrong(arrayOf({ from: 0, to: 10_000_000 }, '/a'))).toEqual(['too_large', '/a']);
  });
});

describe('graphs', () => {
  it('parents come first, otherwise in the order given; files of a task are waited for', () => {
    const plan = graph(
      { key: 'c', after: ['b'] },
      { key: 'a' },
      { key: 'b', inputs: [{ path: 'in', task: 'a', artifact: 'out' }] },
      { key: 'd', after: ['a', 'c', 'a'] },
    ).value!;
    expect(plan.tasks.map(({ key, after, refersTo }) => [key, after, refersTo])).toEqual([
      ['a', [], []],
      ['b', [0], [0]],
      ['c', [1], []],
      ['d', [0, 2], []],
    ]);
    expect(JSON.parse(plan.tasks[1]!.body!).inputs).toEqual([{ path: 'in', task: -1, count: 1, artifact: 'out' }]);
  });

  it('refuses circles with their path, unknown and doubled keys, too many parents', () => {
    expect(wrong(graph({ key: 'a', after: ['c'] }, { key: 'b', after: ['a'] }, { key: 'c', after: ['b'] }))).toEqual([
      'cycle',
      'a -> b -> c -> a',
    ]);
    expect(wrong(graph({ key: 'a', after: ['a'] }))).toEqual(['cycle', 'a -> a']);
    expect(wrong(graph({ key: 'a', after: ['nix'] }))).toEqual(['unknown_parent', '/spec/tasks/0/after/0']);
    const input = [{ path: 'x', task: 'nix', artifact: 'y' }];
    expect(wrong(graph({ key: 'a', inputs: input }))).toEqual(['unknown_parent', '/spec/tasks/0/inputs/0/task']);
    expect(wrong(graph({ key: 'a' }, { key: 'a' }))).toEqual(['invalid', '/spec/tasks/1/key']);
    const many = Array.from({ length: 1_001 }, (_, i) => ({ key: `t${i}` }));
    const half = many.slice(0, 501).map(({ key }) => key);
    const rest = many.slice(501).map(({ key }) => ({ path: key, task: key, artifact: 'x' }));
    expect(wrong(graph(...many, { key: 'sum', after: half, inputs: rest }))).toEqual(['too_large', '/spec/tasks/1001/after']);
  });
});

describe('order', () => {
  const graphs = fc
    .integer({ min: 1, max: 12 })
    .chain((n) => fc.array(fc.uniqueArray(fc.nat(n - 1), { maxLength: 3 }), { minLength: n, maxLength: n }));

  it('finds a circle exactly where there is no order', () => {
    fc.assert(
      fc.property(graphs, (parents) => {
        const order = parentsFirst(parents);
        const circle = circleIn(parents);
        const place = new Map(order.map((task, i) => [task, i]));
        if (circle === null) {
          expect([...order].sort((a, b) => a - b)).toEqual(parents.map((_, i) => i));
          for (const [child, list] of parents.entries()) {
            for (const parent of list) expect(place.get(parent)!).toBeLessThan(place.get(child)!);
          }
          return;
        }
        expect(circle.length).toBeGreaterThan(1);
        expect(circle[0]).toBe(circle.at(-1));
        // Each waits for the one before it.
        for (let i = 1; i < circle.length; i++) expect(parents[circle[i]!]).toContain(circle[i - 1]);
      }),
      { numRuns: 500 },
    );
  });
});
