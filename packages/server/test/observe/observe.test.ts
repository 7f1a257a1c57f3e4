import { expect, test } from 'vitest';
import { createHealth } from '../../src/observe/health.ts';
import { createLog } from '../../src/observe/log.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { connect, openYard, settle, submit } from '../engine/lib/yard.ts';

test('a log line is JSON with its fields, and secrets are left out wherever they stand', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.info({ event: 'x', token: 'swy_1_abc', peer: { authorization: 'Bearer abc', name: 'ada' } }, 'text');
  log.debug({ event: 'y' });
  expect(lines.length).toBe(1);
  expect(lines[0]).not.toContain('abc');
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'x', peer: { name: 'ada' }, msg: 'text' });
});

test('metrics follow the kept totals, and repeat themselves when nothing happens', async () => {
  await using yard = await openYard();
  const doors = [{ name: 'api', status: () => ({ connections: 3 }) }];
  const metrics = createMetrics({ engine: yard.engine, doors: () => doors, version: '1.2.3', startedAt: 5 });
  await submit(yard, { spec: { argv: ['x'], cwd: '/', array: { from: 1, to: 1_000 } } });
  await connect(yard, { slots: 2 });
  await settle();
  const { type, text } = await metrics.read();
  expect(type).toMatch(/^text\/plain/);
  for (const line of [
    'switchyard_tasks{kind="shell",state="ready"} 998',
    'switchyard_tasks{kind="shell",state="running"} 2',
    'switchyard_workers{status="online"} 1',
    'switchyard_door_connections{door="api"} 3',
    'switchyard_info{version="1.2.3"} 1',
    `switchyard_changes_total ${yard.engine.feed.newest}`,
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  const again = (await metrics.read()).text;
  expect(again).toContain(`switchyard_changes_total ${yard.engine.feed.newest}\n`);
});

test('ready only between the start and the stop', () => {
  const health = createHealth();
  expect(health.notReady()).toContain('starting');
  health.ready();
  expect(health.notReady()).toBeNull();
  health.unready('The server is stopping');
  expect(health.notReady()).toContain('stopping');
});
