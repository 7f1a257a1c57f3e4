import type { ChangeView } from '@switchyard/sdk/change.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import { describe, expect, test } from 'vitest';
import { createCollector } from '../src/data/batch.ts';
import { type JobPages, patchJobs, putOnTop } from '../src/data/patch-jobs.ts';
import { addTemperatures, noTemperatures } from '../src/pages/printers/temperatures.ts';
import { addCounts, noCounts, ratesOf } from '../src/pages/services/rates.ts';
import { findLines, nextFound } from '../src/parts/log-find.ts';
import { appendText, emptyText } from '../src/parts/log-text.ts';

const change = (number: number, kind: string, job: number | null, data = {}): ChangeView => ({
  number,
  at: '2026-11-21T00:00:00Z',
  kind,
  job,
  task: kind.startsWith('task') ? number : null,
  worker: null,
  data,
});
const row = (id: number, state = 'waiting') => ({ id, state }) as JobView;
const pages = (...all: JobView[][]): JobPages => ({
  pages: all.map((jobs) => ({ jobs, next: null })),
  pageParams: all.map(() => undefined),
});

describe('what changed within a moment', () => {
  test('is collected newest first per thing, and given once', () => {
    const collector = createCollector();
    expect(collector.take()).toBeNull();
    collector.add(change(1, 'job.changed', 5, { state: 'active' }));
    collector.add(change(2, 'job.changed', 5, { state: 'failed' }));
    collector.add(change(3, 'task.changed', 6));
    const batch = collector.take();
    expect(batch?.jobs.get(5)?.data).toEqual({ state: 'failed' });
    expect([[...(batch?.tasksOf ?? [])], [...(batch?.tasks ?? [])], batch?.all]).toEqual([[6], [3], false]);
    expect(collector.take()).toBeNull();
  });

  test('is not piled up: beyond a bound everything is read anew', () => {
    const collector = createCollector();
    for (let i = 0; i < 20_000; i++) collector.add(change(i, 'task.changed', 1));
    const batch = collector.take();
    expect([batch?.all, batch?.tasks.size]).toEqual([true, 0]);
  });
});

describe('the list of jobs', () => {
  const collected = (...changes: ChangeView[]) => {
    const collector = createCollector();
    for (const one of changes) collector.add(one);
    return collector.take()!;
  };

  test('is patched where it changed; what nothing touched stays the same', () => {
    const before = pages([row(3), row(2)], [row(1)]);
    const after = patchJobs(
      before,
      collected(change(1, 'job.changed', 2, { state: 'active' }), change(2, 'job.deleted', 3)),
      () => true,
    );
    expect(after.pages[0]?.jobs).toEqual([row(2, 'active')]);
    expect(after.pages[1]).toBe(before.pages[1]);
    expect(patchJobs(before, collected(change(1, 'job.changed', 9)), () => true)).toBe(before);
  });

  test('rows that no longer fit the filter go', () => {
    const after = patchJobs(
      pages([row(2), row(1)]),
      collected(change(1, 'job.changed', 2, { state: 'failed' })),
      ({ state }) => state === 'waiting',
    );
    expect(after.pages[0]?.jobs).toEqual([row(1)]);
  });

  test('new rows go on top, none twice, never more than it can hold', () => {
    const some = pages([row(2), row(1)]);
    expect(putOnTop(some, [row(2)])).toBe(some);
    expect(putOnTop(some, [row(4), row(3), row(2)]).pages[0]?.jobs.map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    const many = Array.from({ length: 30_000 }, (_, index) => row(30_010 - index));
    const full = putOnTop(some, many);
    expect([full.pages[0]?.jobs.length, full.pages[0]?.next]).toEqual([20_000, String(30_010 - 19_999)]);
  });
});

describe('output', () => {
  test('comes in pieces, lines are whole, a carriage return begins its line anew', () => {
    let text = emptyText;
    for (const piece of ['a', 'b\nc', '\r\n10 %\r20 %', '\r30 %\nend']) text = appendText(text, piece);
    expect(text.lines.map((line) => line.text)).toEqual(['ab', 'c', '30 %', 'end']);
  });

  test('only the newest lines are kept', () => {
    const text = appendText(emptyText, Array.from({ length: 30 }, (_, index) => index).join('\n'), 10);
    expect([text.lines.length, text.dropped, text.lines[0]]).toEqual([10, 20, { number: 21, text: '20' }]);
  });
});

describe('search in the output', () => {
  const lines = ['one', 'Two \u001b[31mreds\u001b[0m', 'three', 'two r\u001b[1med'].map((text, index) => ({
    number: index + 5,
    text,
  }));

  test('finds lines whatever their case and colours', () => {
    expect(findLines(lines, 'two RED')).toEqual([6, 8]);
    expect(findLines(lines, '31m')).toEqual([]);
    expect(findLines(lines, '')).toEqual([]);
  });

  test('goes on from where it is, and around', () => {
    expect([null, 5, 6, 8].map((at) => nextFound([6, 8], at, 1))).toEqual([6, 6, 8, 6]);
    expect([null, 6, 7, 8].map((at) => nextFound([6, 8], at, -1))).toEqual([8, 8, 6, 6]);
    expect(nextFound([], null, 1)).toBeNull();
  });
});

describe('what is seen of a printer since somebody looks', () => {
  test('a heater that comes later has no values before', () => {
    const bed = { bed: { actual: 20, target: 0 } };
    const both = { ...bed, tool0: { actual: 21, target: 200 } };
    const seen = addTemperatures(addTemperatures(noTemperatures, bed, 1), both, 2);
    expect(seen).toEqual({
      names: ['bed', 'tool0'],
      at: [1, 2],
      actual: [
        [20, 20],
        [null, 21],
      ],
    });
  });

  test('is bounded', () => {
    let seen = noTemperatures;
    for (let at = 0; at < 2_000; at++) seen = addTemperatures(seen, { bed: { actual: at, target: null } }, at);
    expect([seen.at.length, seen.actual[0]?.length, seen.at.at(-1), seen.actual[0]?.at(-1)]).toEqual([900, 900, 1_999, 1_999]);
  });
});

describe('messages a second', () => {
  const count = (at: number, messages: number) => ({ at, messages, deliveries: messages * 2 });

  test('come from what was counted between two looks', () => {
    const counts = [count(1, 0), count(3, 10), count(4, 10)].reduce(addCounts, noCounts);
    expect(ratesOf(counts)).toEqual([
      [3, 4],
      [5, 0],
      [10, 0],
    ]);
  });

  test('begin anew with a server that counts from 0 again', () => {
    expect([count(1, 5), count(2, 9), count(3, 1)].reduce(addCounts, noCounts)).toEqual([count(3, 1)]);
  });
});
