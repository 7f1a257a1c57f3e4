import type { FromWorker } from '@switchyard/sdk/worker-wire.ts';
import { describe, expect, test } from 'vitest';
import { SeriesReader } from '../../src/doors/api/series.ts';
import { until } from '../lib/until.ts';
import { openApiYard } from './lib/api-yard.ts';
import { hello, socketWorker } from './lib/socket-worker.ts';

function read(text: string, points = 1_000) {
  const reader = new SeriesReader(points, 32);
  for (const line of text.split('\n')) reader.line(line);
  return reader.read(points);
}

describe('reading', () => {
  test('a table is a header and rows; what is neither is skipped', () => {
    const text =
      '# step energy\n0 12.5\n[switchyard: 7 bytes in the middle were not kept]\n1 2 3\nx y\n\n10 nan\n20 -inf\n30 1e-3';
    expect(read(text)).toEqual({
      columns: ['step', 'energy'],
      rows: [
        [0, 12.5],
        [10, null],
        [20, null],
        [30, 0.001],
      ],
      of: 4,
    });
  });

  test('nothing but rows, or no header that can be used, is no series', () => {
    expect(read('1 2\n3 4')).toEqual({ columns: [], rows: [], of: 0 });
    expect(read(`# ${'c '.repeat(33)}\n1 2`)).toEqual({ columns: [], rows: [], of: 0 });
  });

  test('a later attempt that went back replaces what was done again, and no more', () => {
    const { rows, of } = read('# step e\n0 1\n10 2\n20 3\n30 4\n# step e\n20 5\n30 6\n40 7');
    expect(rows).toEqual([
      [0, 1],
      [10, 2],
      [20, 5],
      [30, 6],
      [40, 7],
    ]);
    expect(of).toBe(5);
    expect(read('# step e\n0 1\n# other f\n5 6').rows).toEqual([[5, 6]]);
  });

  test('a million rows are thinned evenly, first and last kept', () => {
    const reader = new SeriesReader(100, 32);
    reader.line('# step e');
    for (let i = 0; i < 1_000_000; i += 1) reader.line(`${i} ${i}`);
    const { rows, of } = reader.read(100);
    expect(of).toBe(1_000_000);
    expect(rows).toHaveLength(100);
    expect(rows[0]).toEqual([0, 0]);
    expect(rows.at(-1)).toEqual([999_999, 999_999]);
    // The last row is kept whatever the rhythm.
    const gaps = rows.slice(1, -1).map(([step], i) => (step ?? 0) - (rows[i]?.[0] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(2 * Math.min(...gaps));
  });
});

test('/v1/tasks/:id/series while it runs, over attempts, and after the end; nobody else sees it', async () => {
  await using place = await openApiYard();
  const ada = place.as('ada');
  const { job } = await ada.jobs.submit({ spec: { argv: ['x'], cwd: '/', retries: 1 } });
  const id = job.firstTask;
  expect(await ada.tasks.series(id)).toEqual({ columns: [], rows: [], of: 0, ended: false });
  await using worker = await socketWorker(place.listener.url);
  worker.say(hello());
  await worker.hear('run');
  worker.log(id, 1, 0, '# step energy\n0 5\n10 4\n20 3\n', 'log');
  await worker.hear('logged');
  expect(await ada.tasks.series(id)).toMatchObject({ of: 3, ended: false });
  const fails = { m: 'end', task: id, attempt: 1, outcome: 'failed', reason: 'exit', exitCode: 1, signal: null, error: null };
  worker.say(fails as FromWorker);
  await worker.hear('ended');
  await until(() => place.yard.clock.pending > 0);
  await place.yard.clock.advance(3_600_000);
  await worker.hear('run', 2);
  worker.log(id, 2, 0, '# step energy\n10 7\n20 6\n', 'log');
  await worker.hear('logged', 2);
  worker.say({ ...fails, attempt: 2, outcome: 'succeeded', reason: null, exitCode: 0 } as FromWorker);
  await worker.hear('ended', 2);
  const expected = {
    columns: ['step', 'energy'],
    rows: [
      [0, 5],
      [10, 7],
      [20, 6],
    ],
    of: 3,
    ended: true,
  };
  expect(await ada.tasks.series(id)).toEqual(expected);
  expect(await ada.tasks.series(id, { points: 2 })).toMatchObject({ rows: [expected.rows[0], expected.rows[2]], of: 3 });
  await expect(place.as('bob').tasks.series(id)).rejects.toMatchObject({ status: 404 });
  await expect(ada.tasks.series(id, { points: 1 })).rejects.toMatchObject({ status: 400 });
  await expect(ada.tasks.series(999)).rejects.toMatchObject({ status: 404 });
});
