import type { ChangeView } from '@switchyard/sdk/change.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import { describe, expect, test } from 'vitest';
import { createCollector } from '../src/data/batch.ts';
import { type JobPages, patchJobs, putOnTop } from '../src/data/patch-jobs.ts';
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
