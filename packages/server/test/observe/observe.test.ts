import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createFigures } from '../../src/observe/figures.ts';
import { createHealth } from '../../src/observe/health.ts';
import { Histogram } from '../../src/observe/histogram.ts';
import { createLog } from '../../src/observe/log.ts';
import { metricNames, metrics as table } from '../../src/observe/metric-table.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { connect, openYard, settle, submit } from '../engine/lib/yard.ts';
import { createFakeClock } from '../lib/fake-clock.ts';

test('a log line is JSON with its fields, and secrets are left out wherever they stand', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.info({ event: 'x', token: 'swy_1_abc', peer: { authorization: 'Bearer abc', name: 'ada' } }, 'text');
  log.debug({ event: 'y' });
  expect(lines.length).toBe(1);
  expect(lines[0]).not.toContain('abc');
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'x', peer: { name: 'ada' }, msg: 'text' });
});

async function scraped() {
  const yard = await openYard();
  const { clock } = yard;
  const figures = createFigures(clock);
  const traffic = () => [{ door: 'api', requests: 7, refusals: new Map([[404, 2]]), bytesIn: 10, bytesOut: 20 }];
  const disk = async () => ({ freeBytes: 1, databaseBytes: 2, walBytes: 3, blobs: 4, blobBytes: 5, lastBackup: 6 });
  const doors = () => [{ name: 'api', status: () => ({ connections: 3, figures: { streams: 2 } }) }];
  const about = { engine: yard.engine, doors, version: '1.2.3', startedAt: 5 };
  const metrics = createMetrics({ ...about, clock, figures, traffic, disk, notReady: async () => null });
  return { yard, figures, metrics, lines: async () => (await metrics.read()).text.split('\n') };
}

test('metrics follow the kept totals, and repeat themselves when nothing happens', async () => {
  const { yard, metrics, lines } = await scraped();
  await submit(yard, { spec: { argv: ['x'], cwd: '/', array: { from: 1, to: 1_000 } } });
  await submit(yard, { spec: { argv: ['x'], cwd: '/', needs: { tags: ['cuda'], cpus: 4 } } });
  await connect(yard, { slots: 2 });
  await settle();
  expect((await metrics.read()).type).toMatch(/^text\/plain/);
  const seen = await lines();
  for (const line of [
    'switchyard_tasks{kind="shell",state="ready"} 999',
    'switchyard_tasks{kind="shell",state="running"} 2',
    'switchyard_queue_ready{class="shell"} 998',
    'switchyard_queue_ready{class="shell cpus=4 tag:cuda"} 1',
    'switchyard_workers{status="online"} 1',
    'switchyard_door_connections{door="api"} 3',
    'switchyard_door_requests_total{door="api"} 7',
    'switchyard_door_refusals_total{door="api",status="404"} 2',
    'switchyard_door_bytes_total{door="api",direction="out"} 20',
    'switchyard_database_bytes{part="wal"} 3',
    'switchyard_last_backup_timestamp_seconds 6',
    'switchyard_ready 1',
    'switchyard_info{version="1.2.3"} 1',
    `switchyard_changes_total ${yard.engine.feed.newest}`,
    '# TYPE switchyard_changes_total counter',
    '# TYPE switchyard_task_start_seconds histogram',
  ]) {
    expect(seen).toContain(line);
  }
  expect(await lines()).toContain(`switchyard_changes_total ${yard.engine.feed.newest}`);
  metrics.close();
  await yard.close();
});

test('every metric of the table is told, and none that is not in it', async () => {
  const { yard, figures, metrics, lines } = await scraped();
  figures.began({ kind: 'shell', attempt: 1, createdAt: 0 } as never);
  figures.batch({ calls: 1, commands: 3, ms: 2 });
  const told = (await lines()).flatMap((line) => /^# TYPE (\S+) (\S+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  expect(told.sort()).toEqual(metricNames.map((name) => `${name} ${table[name].type}`).sort());
  metrics.close();
  await yard.close();
});

test('a histogram counts on both sides of each bound; buckets add up; kinds are bounded', async () => {
  const one = new Histogram([1, 2]);
  for (const value of [1, 1.5, 2, 2.1]) one.observe(value);
  expect([one.counts, one.sum]).toEqual([[1, 2, 1], 6.6]);

  const { yard, figures, metrics, lines } = await scraped();
  const now = yard.clock.now();
  const began = (ms: number, attempt = 1, kind = 'shell') => figures.began({ kind, attempt, createdAt: now - ms } as never);
  began(3);
  began(3_000);
  began(-5_000);
  began(9_000, 2);
  const seen = await lines();
  expect(seen).toContain('switchyard_task_start_seconds_bucket{le="0.001",kind="shell"} 1');
  expect(seen).toContain('switchyard_task_start_seconds_bucket{le="0.005",kind="shell"} 2');
  expect(seen).toContain('switchyard_task_start_seconds_bucket{le="+Inf",kind="shell"} 3');
  expect(seen).toContain('switchyard_task_start_seconds_count{kind="shell"} 3');
  for (let i = 0; i < 100; i++) began(1, 1, `kind-${i}`);
  expect(figures.starts.size).toBeLessThanOrEqual(25);
  expect(figures.starts.get('other')?.counts.reduce((a, b) => a + b)).toBe(77);
  metrics.close();
  await yard.close();
});

test('the delay of the event loop is looked at once a second, and not any more after closing', async () => {
  const { yard, metrics, lines } = await scraped();
  await yard.clock.advance(5_000);
  expect(await lines()).toContain('switchyard_eventloop_delay_seconds_count 5');
  metrics.close();
  await yard.clock.advance(5_000);
  expect(await lines()).toContain('switchyard_eventloop_delay_seconds_count 5');
  await yard.close();
});

test('ready only between the start and the stop, and only while every look finds nothing', async () => {
  const clock = createFakeClock();
  let disk: string | null = null;
  let looked = 0;
  const health = createHealth(clock, [
    async () => {
      looked += 1;
      return disk;
    },
  ]);
  expect(await health.notReady()).toContain('starting');
  health.ready();
  expect(await health.notReady()).toBeNull();
  disk = 'The disk is full';
  // Not looked at again within a second, however many ask.
  expect([await health.notReady(), await health.notReady(), looked]).toEqual([null, null, 1]);
  await clock.advance(1_000);
  expect(await health.notReady()).toBe('The disk is full');
  disk = null;
  await clock.advance(1_000);
  expect(await health.notReady()).toBeNull();
  health.unready('The server is stopping');
  expect(await health.notReady()).toContain('stopping');
});

test('a look that hangs or throws is no readiness', async () => {
  const clock = createFakeClock();
  const hanging = createHealth(clock, [() => new Promise(() => {})]);
  hanging.ready();
  const asked = hanging.notReady();
  await turn();
  await clock.advance(5_000);
  expect(await asked).toContain('has not answered');
  const broken = createHealth(clock, [() => Promise.reject(new Error('EIO'))]);
  broken.ready();
  expect(await broken.notReady()).toContain('EIO');
  expect(clock.pending).toBe(0);
});
