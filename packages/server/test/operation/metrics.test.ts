import { expect, it } from 'vitest';
import { metricNames, metrics } from '../../src/observe/metric-table.ts';
import { dial } from '../lib/dial.ts';
import { until } from '../lib/until.ts';
import { Yard } from '../system/lib/yard.ts';

it('a running server tells of its doors, its commits and its queue; every metric of the table is there', async () => {
  const yard = await Yard.forTest();
  const ready = await yard.start(['--kueue-port', '0', '--local-worker-slots', '1']);
  const client = await yard.client();
  const authorization = `Bearer ${await yard.adminToken()}`;
  const scrape = async (): Promise<Map<string, number>> => {
    const text = await (await fetch(`${ready.url}/metrics`, { headers: { authorization } })).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  };
  const before = await scrape();

  const { job } = await client.jobs.submit({ spec: { argv: ['true'] } });
  expect((await client.jobs.wait(job.id)).state).toBe('succeeded');
  await client.jobs.submit({ spec: { argv: ['true'], needs: { tags: ['nowhere'] } } });
  await client.jobs.show(99_999).catch(() => {});
  expect((await fetch(`${ready.url}/v1/stats`)).status).toBe(401);
  await using kueue = await dial(ready.doors['kueue']!.ports[0]!.port);
  kueue.write('"garbage"');
  await kueue.closed();
  const big = 200_000;
  await client.files.upload(Buffer.alloc(big));

  await until(async () => ((await scrape()).get('switchyard_eventloop_delay_seconds_count') ?? 0) > 0);
  const after = await scrape();
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  expect(after.get('switchyard_ready')).toBe(1);
  expect(after.get('switchyard_task_start_seconds_count{kind="shell"}')).toBe(1);
  expect(
    [...after].filter(([key]) => key.startsWith('switchyard_queue_ready{class="shell') && key.includes('tag:nowhere')),
  ).toHaveLength(1);
  expect(grown('switchyard_store_batch_seconds_count')).toBeGreaterThan(3);
  // Commands share commits: never fewer commands than commits.
  expect(grown('switchyard_store_batch_commands_sum')).toBeGreaterThanOrEqual(grown('switchyard_store_batch_commands_count'));
  expect(grown('switchyard_door_requests_total{door="api"}')).toBeGreaterThan(5);
  expect(grown('switchyard_door_refusals_total{door="api",status="404"}')).toBe(1);
  expect(grown('switchyard_door_refusals_total{door="api",status="401"}')).toBe(1);
  expect(grown('switchyard_door_bytes_total{door="api",direction="in"}')).toBeGreaterThan(big);
  expect(grown('switchyard_door_bytes_total{door="kueue",direction="in"}')).toBe('"garbage"'.length);
  expect(after.get('switchyard_blob_bytes')).toBe(big);
  expect(after.get('switchyard_database_bytes{part="main"}')).toBeGreaterThan(0);
  expect(after.get('switchyard_disk_free_bytes')).toBeGreaterThan(0);
  for (const name of metricNames) {
    // Nobody made a pool or a counter of this sort here.
    if (name === 'switchyard_pool') continue;
    const told = [...after.keys()].some((key) => key === name || key.startsWith(`${name}{`) || key.startsWith(`${name}_`));
    expect(told, `${name} (${metrics[name].type})`).toBe(true);
  }
}, 60_000);
