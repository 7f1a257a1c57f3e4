import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { tailBytes } from '../../src/doors/flamenco/update-body.ts';
import { action, logOf, report, sleep, stateOf, submit, taskOf } from './lib/jobs.ts';
import { admin, openPlace, type Place } from './lib/place.ts';
import type { ScriptedWorker } from './lib/scripted-worker.ts';

const second = 1_000;
const basicOf = ({ disk }: ScriptedWorker, secret = disk.secret) => ({
  authorization: `Basic ${Buffer.from(`${disk.id}:${secret}`).toString('base64')}`,
});

/** A registered worker that says only what the test says. */
async function puppet(place: Place, nickname = 'puppet') {
  const worker = place.worker({ nickname });
  worker.start();
  await place.pass(second);
  worker.kill();
  const ask = (path: string, body?: string, headers: Record<string, string> = basicOf(worker), method = 'POST') =>
    place.ask(path, { method, token: null, headers, ...(body === undefined ? {} : { body }) });
  return { worker, ask };
}

async function given(place: Place) {
  const { tasks } = await submit(place, [{ commands: [sleep(600)] }]);
  const one = await puppet(place);
  // The puppet took it while it still lived.
  const id = one.worker.ran[0]?._id ?? '';
  return { ...one, task: tasks[0]!, path: `/tasks/${id}/update`, id };
}

describe('bad input', () => {
  it.each([
    ['no id', 'zzz'],
    ['too short', '5f3d'],
    ['upper case', '7461736B0000000000000001'],
    ['of a job', '6a6f62000000000000000001'],
    ['beyond all numbers', '7461736bffffffffffffffff'],
    ['a path', '..%2f..%2fetc%2fpasswd'],
    ['unknown', '7461736b00000000000fffff'],
  ])('malformed id in an address: %s', async (_, id) => {
    await using place = await openPlace();
    const { ask, worker } = await puppet(place);
    expect((await ask(`/tasks/${id}/update`, '{"log":"x"}')).status).toBe(404);
    const back = await ask(`/tasks/${id}/return`);
    expect(back.status).toBe(404);
    expect(await back.json()).toHaveProperty('error');
    const may = await place.ask(`/may-i-run/${id}`, { token: null, headers: basicOf(worker) });
    expect([may.status, await may.json()]).toEqual([200, { may_keep_running: false, reason: 'this task is not yours any more' }]);
    for (const path of [`/logfile/${id}/${id}`, `/logfile/6a6f62000000000000000001/${id}`]) {
      expect((await place.ask(path)).status).toBe(404);
    }
    const wished = await action(place, id, { action: 'shutdown' });
    expect([400, 404]).toContain(wished.status);
  });

  it('wrong secrets open nothing, and are told before the task is looked at', async () => {
    await using place = await openPlace();
    const { ask, worker, path } = await given(place);
    const wrong = [
      basicOf(worker, 'wrong'),
      basicOf(worker, ''),
      basicOf(worker, 'x'.repeat(5_000)),
      { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
      { authorization: 'Basic %%%' },
      { authorization: 'Bearer admin' },
      { authorization: `Basic ${Buffer.from(`776f726b00000000000000ff:${worker.disk.secret}`).toString('base64')}` },
      {} as Record<string, string>,
    ];
    for (const headers of wrong) {
      for (const where of [
        '/task',
        '/sign-on',
        '/sign-off',
        path,
        '/tasks/zzz/update',
        '/ack-status-change/awake',
        '/output-produced',
      ]) {
        const reply = await ask(where, '{}', headers);
        expect([where, reply.status]).toEqual([where, 401]);
        expect(await reply.json()).toHaveProperty('error');
      }
      const may = await ask('/may-i-run/zzz', undefined, headers, 'GET');
      expect(may.status).toBe(401);
      expect(await may.json()).toMatchObject({ may_keep_running: false });
    }
    // Nor do workers' secrets open what people see, or tokens what is the workers'.
    for (const where of ['/as-json', '/latest-image.jpg', '/imagewatch', '/logfile/a/b']) {
      expect((await ask(where, undefined, basicOf(worker), 'GET')).status).toBe(401);
      expect((await place.ask(where, { token: null })).status).toBe(401);
      expect((await place.ask(where, { token: 'wrong' })).status).toBe(401);
    }
    for (const where of [`/worker-action/${worker.disk.id}`, `/set-sleep-schedule/${worker.disk.id}`]) {
      expect((await ask(where, '{}')).status).toBe(401);
      expect((await place.ask(where, { method: 'POST', token: 'viewer', body: '{}' })).status).toBe(403);
      expect((await place.ask(where)).status).toBe(405);
    }
  });

  it('an update over the limit is cut in its log and accepted, whatever follows the log', async () => {
    await using place = await openPlace({ limits: { updateBytes: 300_000 } });
    const { ask, path, task } = await given(place);
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} "quoted" \\ é 😀`).join('\n');
    const body = JSON.stringify({
      activity: 'a "log": here',
      log: lines,
      task_status: 'completed',
      metrics: { timing: { total: 3 } },
    });
    expect(body.length).toBeGreaterThan(500_000);
    expect((await ask(path, body)).status).toBe(204);
    expect(await stateOf(place, task)).toBe('succeeded');
    const log = await logOf(place, task);
    expect(log).toContain('line 0 "quoted" \\ é 😀\nline 1 ');
    const kept = log.split('\n').filter((line) => line.startsWith('line '));
    expect(kept.length).toBeGreaterThan(2_000);
    expect(kept.every((line) => line.endsWith('😀'))).toBe(true);
    expect(log).toMatch(/\[switchyard: \d+ bytes of this update were left out, it was too long\]\n$/);
  });

  it('both sides of the edge: exactly the limit is kept whole', async () => {
    await using place = await openPlace({ limits: { updateBytes: 1_000 } });
    const { ask, path, task } = await given(place);
    const of = (length: number): string => {
      const empty = JSON.stringify({ log: '', activity: 'x' }).length;
      return JSON.stringify({ log: 'y'.repeat(length - empty), activity: 'x' });
    };
    const edge = 1_000 + tailBytes;
    expect((await ask(path, of(edge))).status).toBe(204);
    expect(await logOf(place, task)).not.toContain('left out');
    expect((await ask(path, of(edge + 1))).status).toBe(204);
    expect(await logOf(place, task)).toContain('left out');
  });

  it('over the limit for another reason than its log: refused, and nobody is harmed', async () => {
    await using place = await openPlace({ limits: { updateBytes: 1_000 } });
    const { ask, path, task } = await given(place);
    for (const body of [
      JSON.stringify({ activity: 'x'.repeat(100_000), log: 'y' }),
      'x'.repeat(100_000),
      JSON.stringify({ deep: { log: 'x'.repeat(100_000) } }),
      `{"log":"${'x'.repeat(100_000)}`,
    ]) {
      expect((await ask(path, body)).status).toBe(413);
    }
    expect(await stateOf(place, task)).toBe('running');
  });

  it('what a worker says in the wrong type counts as not said', async () => {
    await using place = await openPlace();
    const { ask, path, task } = await given(place);
    for (const body of [
      '{"task_status":"soft-failed","log":"a"}',
      '{"task_status":5,"activity":{},"current_command_idx":"1","metrics":[],"log":"b"}',
      '{"task_status":"claimed-by-manager","current_command_idx":-3,"command_progress_percentage":1e99,"log":"c"}',
      '{"current_command_idx":99999999,"metrics":{"timing":{"x":"y"}}}',
      '{}',
      '',
    ]) {
      expect([body, (await ask(path, body)).status]).toEqual([body, 204]);
    }
    expect((await ask(path, '[]')).status).toBe(400);
    expect((await ask(path, '{')).status).toBe(400);
    expect(await logOf(place, task)).toContain('a\nb\nc\n');
    expect(await stateOf(place, task)).toBe('running');
  });

  it('updates for foreign tasks: 409, nothing changes, not even the log', async () => {
    await using place = await openPlace();
    const { path, task, id } = await given(place);
    const eve = await puppet(place, 'eve');
    const before = await taskOf(place, task);
    const log = await logOf(place, task);
    expect((await eve.ask(path, '{"task_status":"failed","log":"eve was here"}')).status).toBe(409);
    expect((await eve.ask(`/tasks/${id}/return`)).status).toBe(204);
    const may = await eve.ask(`/may-i-run/${id}`, undefined, undefined, 'GET');
    expect(await may.json()).toMatchObject({ may_keep_running: false });
    expect(await taskOf(place, task)).toEqual(before);
    expect(await logOf(place, task)).toBe(log);
    // Nor once it has ended.
    await place.pass(65 * second);
    await place.engine.command(admin, 'cancel', { job: before.job, kill: true });
    expect((await eve.ask(path, '{"log":"eve was here"}')).status).toBe(409);
    expect(await logOf(place, task)).toBe(log);
    // One that nobody ever had.
    const { tasks } = await submit(place, [{ kind: 'other' }]);
    const free = `/tasks/7461736b${tasks[0]!.toString(16).padStart(16, '0')}/update`;
    expect((await eve.ask(free, '{"task_status":"completed"}')).status).toBe(409);
  });

  it('hostile nicknames, platforms and task types are kept as harmless text', async () => {
    await using place = await openPlace();
    const nickname = `<script>alert(1)</script>\u0000\u001b[31m\n${'x'.repeat(1_000)}`;
    const body = JSON.stringify({
      secret: 's'.repeat(64),
      nickname,
      platform: '../../x\u0007',
      supported_task_types: ['<b>', 'ok'],
    });
    const registered = await place.ask('/register-worker', { method: 'POST', token: null, body });
    expect(registered.headers.get('content-type')).toContain('application/json');
    expect(registered.headers.get('x-content-type-options')).toBe('nosniff');
    const doc = (await registered.json()) as { nickname: string; platform: string; supported_task_types: string[] };
    expect(doc.nickname).toHaveLength(128);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(doc.nickname + doc.platform).not.toMatch(/[\u0000-\u001f]/);
    expect(doc.supported_task_types).toEqual(['ok']);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no object', '[]', 400],
    ['no secret', '{"nickname":"a"}', 400],
    ['a short secret', JSON.stringify({ secret: 'x'.repeat(31) }), 400],
    ['the shortest secret', JSON.stringify({ secret: 'x'.repeat(32) }), 200],
    ['the longest secret', JSON.stringify({ secret: 'x'.repeat(256) }), 200],
    ['a long secret', JSON.stringify({ secret: 'x'.repeat(257) }), 400],
    ['types that are none', JSON.stringify({ secret: 'x'.repeat(32), supported_task_types: 'sleep' }), 400],
    ['a body beyond bounds', JSON.stringify({ secret: 'x'.repeat(32), nickname: 'y'.repeat(300_000) }), 413],
  ])('registration with %s', async (_, body, status) => {
    await using place = await openPlace();
    const reply = await place.ask('/register-worker', { method: 'POST', token: null, body });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toBeTypeOf('object');
  });

  it('nothing secret in the log', async () => {
    await using place = await openPlace({ registrationSecret: 'open sesame' });
    const worker = place.worker({ registrationSecret: 'open sesame' });
    const wrong = place.worker({ registrationSecret: 'open barley' });
    worker.start();
    wrong.start();
    await place.pass(6 * second);
    const text = JSON.stringify(place.lines);
    expect(text).toContain('flamenco:registered');
    expect(text).not.toContain(worker.disk.secret);
    expect(text).not.toMatch(/Bearer|Basic|sesame|barley/);
  });

  it('a name that is not ours is no reason to give up: 421, asked again', async () => {
    await using place = await openPlace();
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'farm.example:8080', 'content-type': 'application/json' };
      const ask = request(new URL('/register-worker', place.url), { method: 'POST', headers }, (reply) =>
        resolve(reply.statusCode),
      );
      ask.on('error', reject).end(JSON.stringify({ secret: 'x'.repeat(40) }));
    });
    expect(status).toBe(421);
  });

  it('actions: what is not possible is said in a sentence', async () => {
    await using place = await openPlace();
    await submit(place, [{ commands: [sleep(600)] }]);
    const { worker } = await puppet(place);
    const text = async (fields: Record<string, string>): Promise<[number, string]> => {
      const reply = await action(place, worker.disk.id, fields);
      return [reply.status, await reply.text()];
    };
    expect(await text({})).toEqual([400, expect.stringContaining('there are: set-status')]);
    expect(await text({ action: '__proto__' })).toEqual([400, expect.stringContaining('no such action')]);
    expect(await text({ action: 'set-status', status: 'error' })).toEqual([
      400,
      expect.stringContaining('asleep, awake or shutdown'),
    ]);
    expect(await text({ action: 'forget-worker' })).toEqual([400, expect.stringContaining('shut it down first')]);
    expect(await text({ action: 'ack-timeout' })).toEqual([400, expect.stringContaining('not in timeout')]);
    expect(await text({ action: 'forget-blacklist-line', job_id: 'x' })).toEqual([400, expect.stringContaining('job_id')]);
    expect((await action(place, '776f726b00000000000000ff', { action: 'shutdown' })).status).toBe(404);
    await place.pass(65 * second);
    expect(await report(place)).toMatchObject({ status: 'timeout' });
    expect((await text({ action: 'ack-timeout' }))[0]).toBe(204);
    expect(await report(place)).toMatchObject({ status: 'offline' });
    expect((await text({ action: 'forget-worker' }))[0]).toBe(204);
    expect(await report(place)).toEqual({});
  });

  it.each([
    ['nothing', '', 406],
    ['no JSON', 'schedule_active=true', 406],
    ['no object', '[]', 400],
    ['a missing field', '{}', 400],
    ['a wrong time', '{"schedule_active":true,"time_start":"25:00"}', 400],
    ['a wrong day', '{"schedule_active":true,"days_of_week":"mo funday"}', 400],
    ['a wrong zone', '{"schedule_active":true,"time_zone":"Middle/Earth"}', 400],
    ['days in full', '{"schedule_active":false,"days_of_week":"Monday TU we"}', 204],
  ])('sleep schedule with %s', async (_, body, status) => {
    await using place = await openPlace();
    const { worker } = await puppet(place);
    const set = await place.ask(`/set-sleep-schedule/${worker.disk.id}`, { method: 'POST', body });
    expect(set.status).toBe(status);
  });

  it('twins are shown, merged by hand, and forgotten by themselves after a while', async () => {
    await using place = await openPlace({ limits: { twinMs: 90_000 } });
    const old = await puppet(place, 'same');
    await place.ask(`/set-sleep-schedule/${old.worker.disk.id}`, {
      method: 'POST',
      body: '{"schedule_active":true,"time_start":"05:00","time_end":"06:00"}',
    });
    const fresh = place.worker({ nickname: 'same' });
    fresh.start();
    await place.pass(second);
    const { workers } = (await (await place.ask('/as-json')).json()) as { workers: { twins?: string[] }[] };
    expect(workers.map(({ twins }) => twins)).toEqual([[fresh.disk.id], [old.worker.disk.id]]);
    const merge = () => action(place, old.worker.disk.id, { action: 'merge-worker', into: fresh.disk.id });
    expect((await merge()).status).toBe(400);
    await place.pass(62 * second);
    expect((await merge()).status).toBe(204);
    expect(await report(place)).toMatchObject({ _id: fresh.disk.id, sleep_schedule: { time_start: '05:00' } });
    expect(await report(place)).not.toHaveProperty('twins');
    // By itself, once the older one has been gone for an hour.
    const third = await puppet(place, 'same');
    expect((await place.engine.query.workers(admin)).map(({ id }) => id)).toEqual([2, 3]);
    await place.pass(190 * second);
    expect((await place.engine.query.workers(admin)).map(({ id }) => id)).toEqual([2]);
    expect((await third.ask('/task')).status).toBe(401);
  });
});
