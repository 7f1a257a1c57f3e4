import { expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { Ears, Editor, http, told } from './lib/client.ts';
import { Stager } from './lib/fleet.ts';
import { jobNew, manual, strand } from './lib/jobs.ts';
import { openPlace } from './lib/place.ts';

const dat = (step: number): string => `${strand().dat.replace('t = 0', `t = ${step}`)}\n`;

test('a socket that shows no token is closed after 10 s; one that has stays', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const known = await editor.socket();
  const stranger = await Ears.open(place.port);
  await place.clock.advance(9_999);
  stranger.say({ type: 'WebSocketAuth', bearerToken: 'x' });
  expect(await stranger.hear()).toMatchObject({ success: false });
  await place.clock.advance(1);
  expect((await stranger.wire.closed()).code).toBe(4401);
  await editor.submit(jobNew());
  expect(told(await known.hear())).toBe('JobUpdate NEW');
});

test('any number of strangers harms nobody: the oldest makes room, whoever shows a token is no stranger any more', async () => {
  await using place = await openPlace({ limits: { strangers: 5 } });
  const editor = await Editor.enter(place.port);
  const known = await editor.socket();
  const strangers: Ears[] = [];
  for (let i = 0; i < 60; i++) strangers.push(await Ears.open(place.port));
  await until(() => place.door.status().figures?.unauthenticated_sockets === 5);
  await until(() => strangers.filter(({ wire }) => wire.socket.destroyed).length === 55);
  // One comes in between them all the same.
  const late = await editor.socket();
  await editor.submit(jobNew());
  for (const ears of [known, late]) expect(told(await ears.hear())).toBe('JobUpdate NEW');
  expect(place.door.status().connections).toBeLessThanOrEqual(7);
});

test('a stranger may say little, however it cuts it', async () => {
  await using place = await openPlace();
  const stranger = await Ears.open(place.port);
  for (let i = 0; i < 300; i++) stranger.say({ type: 'WebSocketAuth', bearerToken: 'x'.repeat(60) });
  expect((await stranger.wire.closed()).code).toBe(1009);
  expect((await Editor.enter(place.port)).token).toHaveLength(32);
});

test('more sockets than the limit are turned away, in words', async () => {
  await using place = await openPlace({ limits: { sockets: 2 } });
  await Ears.open(place.port);
  await Ears.open(place.port);
  await expect(Ears.open(place.port)).rejects.toThrow('503');
});

test('a peer that does not answer pings is closed; one that does stays', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const [deaf, good] = [await editor.socket(), await editor.socket()];
  deaf.wire.pongs = false;
  for (let i = 0; i < 3; i++) {
    await place.clock.advance(15_000);
    await editor.submit(jobNew());
    expect(told(await good.hear())).toBe('JobUpdate NEW');
    // Its pong is on its way.
    await until(() => good.wire.frames.filter(({ opcode }) => opcode === 0x9).length > i);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => deaf.wire.socket.destroyed);
  expect(good.wire.socket.destroyed).toBe(false);
});

test('a slow reader misses what is outdated, never a change of state, and holds up nobody', async () => {
  await using place = await openPlace({ limits: { queueBytes: 2_000_000 } });
  const [editor, other] = [await Editor.enter(place.port), await Editor.enter(place.port)];
  const [slow, quick] = [await editor.socket(), await other.socket()];
  const { top, forces } = strand();
  const large = dat(0).padEnd(1_000_000, ' ');
  await editor.submit(jobNew([manual({ steps: 1_000 })], { top, forces, dat: large }));
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  await slow.until((heard) => told(heard) === 'JobUpdate RUNNING');
  await quick.until((heard) => told(heard) === 'JobUpdate RUNNING');
  await editor.call('POST', '/job/subscribe/0');
  slow.wire.socket.pause();
  // In less time than it has for a pong.
  for (let step = 1; step <= 50; step++) {
    await place.clock.advance(250);
    fleet.progress(stage, step);
    fleet.show(stage, step, dat(step).padEnd(1_000_000, ' '));
    await until(async () => (await quick.hear()).job?.progress === step);
  }
  slow.wire.socket.resume();
  await fleet.end(stage, { files: { 'conf_end.dat': dat(1_000) } });
  const heard = await slow.until(({ job }) => job?.status === 'DONE');
  const steps = heard.flatMap(({ job }) => (job ? [job.progress] : []));
  expect(heard.length).toBeLessThan(40);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps).toContain(50);
});

test('a token lives while a socket is open and 15 minutes after; then it is 401', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew());
  await editor.call('POST', '/job/subscribe/0');
  for (let i = 0; i < 100; i++) {
    await place.clock.advance(15_000);
    await until(() => ears.wire.frames.filter(({ opcode }) => opcode === 0x9).length > i);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A network blip: the page comes back with the token that it had, and still watches what it watched.
  ears.wire.socket.destroy();
  await place.clock.advance(800_000);
  expect((await editor.call('GET', '/job/subscribe')).text).toBe('0');
  await place.clock.advance(900_001);
  expect((await editor.call('GET', '/job')).status).toBe(401);
});

test('from other machines an open server takes nobody, until it is told to', async () => {
  const { Gate } = await import('../../src/doors/dnaforge/gate.ts');
  const auth = { throttled: () => false, failed: () => {} } as never;
  const gate = (open: boolean, accessToken: string | null) => new Gate({ open, accessToken, origins: () => false }, auth);
  expect(gate(false, null).stranger({}, '192.168.1.7')?.code).toBe('forbidden');
  expect(gate(false, null).stranger({}, '127.0.0.1')).toBeNull();
  expect(gate(true, null).stranger({}, '192.168.1.7')).toBeNull();
  expect(gate(false, 'x').stranger({}, '192.168.1.7')).toBeNull();
});

test('a page of the server itself may use it; a socket of a foreign page is refused', async () => {
  await using place = await openPlace({ door: { origins: ['https://dnaforge.org'] } });
  const own = `http://127.0.0.1:${place.port}`;
  expect((await http(place.port, 'GET', '/auth', { headers: { origin: own } })).status).toBe(200);
  expect((await Ears.open(place.port, { origin: own })).wire.status).toBe(101);
  expect((await Ears.open(place.port, { origin: 'https://dnaforge.org' })).wire.status).toBe(101);
  await expect(Ears.open(place.port, { origin: 'https://evil.example' })).rejects.toThrow('403');
});

test('parallel-jobs: so many simulations at once, whatever room there is; the oldest goes on first', async () => {
  await using place = await openPlace({ door: { parallelJobs: 2 } });
  const editor = await Editor.enter(place.port);
  for (let i = 0; i < 4; i++) await editor.submit(jobNew([manual(), manual()]));
  const fleet = await Stager.enter(place, 8);
  const [first] = [await fleet.take(), await fleet.take()];
  const running = async () => (await editor.list()).flatMap(({ id, status }) => (status === 'RUNNING' ? [id] : []));
  await until(async () => (await running()).length === 2);
  expect(await running()).toEqual([0, 1]);
  await fleet.end(first, { files: { 'conf_end.dat': dat(1) } });
  // The next stage of the job that has begun, not the first one of another.
  expect((await fleet.take()).task.job).toBe(first.task.job);
});

test('jobs beyond the list are there when they are asked for by number', async () => {
  await using place = await openPlace({ limits: { listedJobs: 2 } });
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  for (let i = 0; i < 4; i++) {
    await editor.submit(jobNew());
    await editor.call('PATCH', `/job/${i}`);
  }
  expect((await editor.list()).map(({ id }) => id)).toEqual([2, 3]);
  expect(await editor.json('GET', '/job/0')).toMatchObject({ id: 0, status: 'CANCELED' });
  expect((await editor.call('DELETE', '/job/0')).status).toBe(200);
  expect((await ears.until(({ job }) => job === null)).at(-1)).toMatchObject({ jobId: 0 });
  expect((await editor.call('GET', '/job/0')).status).toBe(404);
  await place.restart();
  expect((await Editor.known(place.port, editor.token).list()).map(({ id }) => id)).toEqual([2, 3]);
});
