import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { openApiYard } from './lib/api-yard.ts';
import { refusal } from './lib/refusal.ts';

const job = { spec: { argv: ['true'], cwd: '/' } };

test('schedules over /v1: made, shown, paused, resumed, run, removed; who did it is kept', async () => {
  await using place = await openApiYard();
  const { schedules, jobs } = place.as('ada');
  const made = await schedules.add({ name: 'hourly', cron: '0 * * * *', zone: 'Europe/Amsterdam', job });
  expect(made).toMatchObject({
    id: 1,
    owner: 'token:ada',
    state: 'active',
    next: '2026-01-01T01:00:00.000Z',
    overlap: 'allow',
    runs: [],
  });
  expect(await schedules.list()).toEqual([made]);
  expect(await schedules.get(1)).toEqual(made);
  await place.yard.clock.advance(3_600_000);
  await until(async () => (await schedules.get(1)).runs.length === 1);
  const [run] = (await schedules.get(1)).runs;
  expect(run).toMatchObject({ due: '2026-01-01T01:00:00.000Z', outcome: 'submitted', text: null });
  expect((await jobs.show(run?.job ?? 0)).labels).toEqual({ schedule: '1' });
  expect(await schedules.pause(1)).toMatchObject({ state: 'paused', next: null, paused: { text: 'by ada' } });
  expect(await schedules.resume(1)).toMatchObject({ state: 'active', next: '2026-01-01T02:00:00.000Z' });
  expect(await schedules.run(1)).toMatchObject({ outcome: 'submitted' });
  for (const verb of ['get', 'pause', 'resume', 'run', 'remove'] as const) {
    expect(await refusal(place.as('bob').schedules[verb](1))).toMatchObject({ code: 'not_found' });
  }
  await schedules.remove(1);
  expect(await schedules.list()).toEqual([]);
  const { entries } = await place.as('admin').audit();
  const acts = entries.filter(({ subject }) => subject === 'schedule 1').map(({ command }) => command);
  expect(acts.sort()).toEqual(['addSchedule', 'pauseSchedule', 'removeSchedule', 'resumeSchedule', 'runSchedule']);
});

test('what makes no sense is refused with the place', async () => {
  await using place = await openApiYard();
  const { schedules, webhooks } = place.as('ada');
  expect(await refusal(schedules.add({ name: 'x', cron: 'often', job }))).toMatchObject({ code: 'invalid', at: '/cron' });
  expect(await refusal(schedules.add({ name: 'x', cron: '@daily', job: { spec: {} } }))).toMatchObject({
    at: expect.stringMatching(/^\/job/),
  });
  expect(await refusal(schedules.add({ name: 'x', cron: '@daily', job, more: 1 } as never))).toMatchObject({
    code: 'unknown_field',
  });
  expect(await refusal(place.as('viewer').schedules.add({ name: 'x', cron: '@daily', job }))).toMatchObject({
    code: 'forbidden',
  });
  expect(await refusal(webhooks.add({ name: 'x', url: 'gopher://x.example/' }))).toMatchObject({ code: 'invalid', at: '/url' });
  expect(await refusal(place.as('viewer').webhooks.add({ name: 'x', url: 'https://x.example/' }))).toMatchObject({
    code: 'forbidden',
  });
});

test('webhooks over /v1: made with a secret that is shown once, tested, delivered, logged, renewed, removed', async () => {
  await using place = await openApiYard();
  const got: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (bytes: Buffer) => got.push(bytes.toString()));
    request.on('end', () => response.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { webhooks, jobs } = place.as('ada');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { secret, ...made } = await webhooks.add({ name: 'mine', url, kinds: ['job.created'] });
    expect(secret).toMatch(/^swh_[\w-]{43}$/);
    expect(made).toMatchObject({ id: 1, by: 'token:ada', state: 'active', failures: 0, kinds: ['job.created'], label: null });
    expect(await webhooks.get(1)).toEqual(made);
    expect(await webhooks.test(1)).toMatchObject({ status: 200, test: true, error: null });
    const { job: submitted } = await jobs.submit(job);
    await place.yard.clock.advance(100);
    await until(() => got.length === 2);
    expect(JSON.parse(got[1] ?? '')).toMatchObject({ webhook: 1, events: [{ kind: 'job.created', job: submitted.id }] });
    await until(async () => (await webhooks.deliveries(1)).length === 2);
    expect((await webhooks.renew(1)).secret).not.toBe(secret);
    expect(await webhooks.pause(1)).toMatchObject({ state: 'paused' });
    expect(await webhooks.resume(1)).toMatchObject({ state: 'active' });
    expect(await refusal(place.as('bob').webhooks.deliveries(1))).toMatchObject({ code: 'not_found' });
    await webhooks.remove(1);
    expect(await webhooks.list()).toEqual([]);
    expect(JSON.stringify([place.lines, await place.as('admin').audit()])).not.toContain(secret);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
