import { describe, expect, test } from 'vitest';
import { errors } from '../../src/domain/errors.ts';
import { connect, settle } from '../engine/lib/yard.ts';
import { dial } from '../lib/dial.ts';
import { until } from '../lib/until.ts';
import { openApiYard } from './lib/api-yard.ts';
import { refusal } from './lib/refusal.ts';

const request = { spec: { argv: ['x'], cwd: '/' } };

describe('changes', () => {
  test('replayed from a number, then live, without gap or double; filters hold', async () => {
    await using place = await openApiYard();
    const yard = place.as('ada');
    const { job } = await yard.jobs.submit(request);
    const stop = new AbortController();
    const all: number[] = [];
    const ofJob: string[] = [];
    const follow = async (what: object, each: (change: { number: number; kind: string; data: unknown }) => void) => {
      for await (const event of yard.changes({ ...what, signal: stop.signal })) if (event.type === 'change') each(event.change);
    };
    const following = Promise.all([
      follow({ since: 0 }, ({ number }) => all.push(number)),
      follow({ since: 0, job: job.id, kinds: ['job.created', 'job.deleted'] }, ({ kind }) => ofJob.push(kind)),
    ]);
    await until(() => ofJob.length === 1);
    await yard.jobs.submit(request);
    await yard.jobs.delete(job.id);
    await until(() => ofJob.length === 2 && all.at(-1) === place.yard.engine.feed.newest);
    expect(ofJob).toEqual(['job.created', 'job.deleted']);
    expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
    stop.abort();
    await following;
    await until(() => place.door.status().connections === 0);
  });

  test('one sees what its rights allow', async () => {
    await using place = await openApiYard();
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const event of place.as('bob').changes({ since: 0, signal: stop.signal })) {
        if (event.type === 'change') seen.push(event.change.kind);
      }
    })();
    await until(() => place.door.status().connections === 1);
    await place.as('ada').jobs.submit(request);
    await place.as('admin').pools.set('p', 3);
    await until(() => seen.length > 0);
    expect(seen).toEqual(['pool.changed']);
    stop.abort();
    await following;
  });

  test('progress beside the changes, newest value, only to those who may see the task', async () => {
    await using place = await openApiYard();
    const stop = new AbortController();
    const seen: Record<string, unknown[]> = { ada: [], bob: [], plain: [] };
    const follow = async (who: 'ada' | 'bob', where: string, progress: boolean) => {
      for await (const event of place.as(who).changes({ progress, signal: stop.signal })) {
        if (event.type === 'progress') seen[where]?.push(event.progress);
      }
    };
    const following = Promise.all([follow('ada', 'ada', true), follow('bob', 'bob', true), follow('ada', 'plain', false)]);
    await until(() => place.door.status().connections === 3);
    const { job } = await place.as('ada').jobs.submit(request);
    const other = (await place.as('bob').jobs.submit(request)).job;
    await connect(place.yard, { slots: 2 });
    await settle();
    const step = { total: 10, unit: 'frames', phase: null };
    const say = (task: number, done: number) => place.yard.engine.progress(task, 1, { ...step, done });
    say(job.firstTask, 1);
    say(job.firstTask, 2);
    say(other.firstTask, 3);
    await until(async () => {
      await place.yard.clock.advance(300);
      return seen['ada']?.length === 1 && seen['bob']?.length === 1;
    });
    expect(seen).toEqual({
      ada: [{ job: job.id, task: job.firstTask, ...step, done: 2 }],
      bob: [{ job: other.id, task: other.firstTask, ...step, done: 3 }],
      plain: [],
    });
    stop.abort();
    await following;
  });

  test('the wire: hello with the number, events with id, a heartbeat, `Last-Event-ID` before `since`', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    await jobs.submit(request);
    const { newest } = place.yard.engine.feed;
    await using peer = await dial(place.listener.port);
    peer.write(
      `GET /v1/changes?since=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ada\r\nLast-Event-ID: ${newest}\r\n\r\n`,
    );
    await peer.until((seen) => seen.includes(`id: ${newest}\nevent: hello\ndata: {"newest":${newest}}\n\n`));
    await place.yard.clock.advance(15_000);
    await peer.until((seen) => seen.includes('\n:\n\n'));
    await jobs.submit({ ...request, name: 'ünïcode' });
    const seen = await peer.until((text) => text.includes('job.created'));
    expect(seen).toContain('text/event-stream');
    expect(seen).toMatch(
      new RegExp(`id: ${newest + 1}\nevent: job.created\ndata: \\{"number":${newest + 1},"at":"2026-[^"]+Z",`),
    );
    expect(Buffer.from(seen, 'latin1').toString()).toContain('"name":"ünïcode"');
  });

  test('a number from a store that is no more: reset', async () => {
    await using place = await openApiYard();
    const stop = new AbortController();
    const events = place.as('ada').changes({ since: 1_000_000, signal: stop.signal });
    expect((await events.next()).value).toEqual({ type: 'reset', newest: place.yard.engine.feed.newest });
    stop.abort();
    await events.next();
  });

  test('a reader that does not keep up is held back, not piled up for', async () => {
    await using place = await openApiYard();
    const { jobs } = place.as('ada');
    await using peer = await dial(place.listener.port);
    peer.write('GET /v1/changes?since=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ada\r\n\r\n');
    await peer.until((seen) => seen.includes('event: hello'));
    peer.socket.pause();
    for (let round = 0; round < 10; round++) await jobs.submitMany(Array.from({ length: 500 }, () => request));
    peer.socket.resume();
    const last = `"number":${place.yard.engine.feed.newest},`;
    const seen = await peer.until((text) => text.includes(last));
    const numbers = [...seen.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1])).slice(1);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i + 1));
  });
});

describe('fleet', () => {
  test('workers: listed, wished, forgotten', async () => {
    await using place = await openApiYard();
    const { workers } = place.as('operator');
    const worker = await connect(place.yard, { name: 'w1', slots: 3 });
    const { job } = await place.as('ada').jobs.submit(request);
    await settle();
    expect(await workers.list()).toMatchObject([{ id: worker.id, name: 'w1', holding: 1, room: { slots: 2 } }]);
    expect((await workers.show(worker.id)).held).toEqual([job.firstTask]);
    expect((await workers.wish(worker.id, { mode: 'draining', lazy: false })).wanted).toEqual({ mode: 'draining', lazy: false });
    expect((await refusal(workers.forget(worker.id))).code).toBe('wrong_state');
    await workers.forget(worker.id, { force: true });
    await until(async () => (await workers.list()).length === 0);
    expect((await refusal(workers.show(worker.id))).code).toBe('not_found');
    expect((await refusal(workers.approve(worker.id))).code).toBe('not_found');
    expect((await refusal(workers.wish(1, { mode: 'dancing' as never }))).code).toBe('malformed');
    expect((await refusal(place.as('ada').workers.wish(1, { mode: 'awake' }))).code).toBe('forbidden');
  });

  test('pools: made, resized, removed', async () => {
    await using place = await openApiYard();
    const { pools } = place.as('operator');
    expect(await pools.set('matlab', 2)).toEqual({ name: 'matlab', total: 2, used: 0 });
    await pools.set('matlab', 5);
    expect(await pools.list()).toEqual([{ name: 'matlab', total: 5, used: 0 }]);
    await pools.remove('matlab');
    expect(await pools.list()).toEqual([]);
    expect((await refusal(pools.set('bad name', 1))).code).toBe('malformed');
    expect((await refusal(pools.set('x', -1))).at).toBe('/total');
  });
});

describe('server', () => {
  test('stats, doors, kinds, whoami', async () => {
    await using place = await openApiYard();
    const yard = place.as('admin');
    await yard.jobs.submit({ spec: { argv: ['x'], cwd: '/', array: { from: 1, to: 50 } } });
    await connect(place.yard, { slots: 4 });
    await settle();
    await place.yard.clock.advance(2_500);
    expect(await yard.stats()).toMatchObject({
      version: '1.2.3',
      uptimeMs: 2_500,
      tasks: { ready: 46, running: 4 },
      kinds: { shell: { counts: { running: 4 } } },
      workers: { total: 1, online: 1, busy: 1 },
    });
    expect((await place.as('ada').stats()).tasks.running).toBe(0);
    expect((await yard.doors()).map(({ name }) => name)).toEqual(['api']);
    expect((await yard.kinds()).map(({ name }) => name)).toEqual(expect.arrayContaining(['shell', 'graph']));
    expect(await place.as('worker').whoami()).toMatchObject({ id: 'token:worker', scope: 'own', kinds: null });
  });

  test('tokens and the trail are for administrators', async () => {
    await using place = await openApiYard();
    const { tokens, audit } = place.as('admin');
    const made = await tokens.create({ name: 'ci', role: 'submitter' });
    expect(made.token).toMatch(/^swy_/);
    expect(await tokens.list()).toMatchObject([{ id: made.id, name: 'ci', role: 'submitter' }]);
    await tokens.revoke(made.id);
    expect((await refusal(tokens.revoke(made.id))).code).toBe('not_found');
    expect((await refusal(tokens.create({ name: 'x', role: 'king' as never }))).at).toBe('/role');
    await place.as('ada').jobs.submit(request);
    const page = await audit({ limit: 10 });
    expect(page.entries.map(({ command, by }) => [command, by])).toContainEqual(['submit', 'token:ada']);
    for (const call of [() => place.as('operator').tokens.list(), () => place.as('operator').audit()]) {
      expect((await refusal(call())).code).toBe('forbidden');
    }
  });

  test('without a token: health, readiness, the front, the worker file; nothing else', async () => {
    let why: string | null = null;
    await using place = await openApiYard({ deps: { notReady: () => why } });
    const status = async (path: string, method = 'GET') => (await fetch(place.listener.url + path, { method })).status;
    for (const path of ['/', '/healthz', '/readyz', '/openapi.json', '/docs/errors', '/worker.mjs'])
      expect([path, await status(path)]).toEqual([path, 200]);
    const page = await (await fetch(`${place.listener.url}/docs/errors`)).text();
    for (const code of Object.keys(errors)) expect(page).toContain(`${code}\n`);
    for (const { method, path } of place.door.rows) {
      if (!path.startsWith('/v1') && path !== '/metrics') continue;
      const address = path.replace(/:id|:sha|:name/g, '1').replace('*', 'x');
      // Signing in looks at no credential; it says what is missing.
      const signingIn = method === 'POST' && ['/v1/session', '/v1/register'].includes(path);
      expect([method, path, await status(address, method)]).toEqual([method, path, signingIn ? 400 : 401]);
    }
    why = 'The store is failing';
    const answer = await fetch(`${place.listener.url}/readyz`);
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([503, why]);
  });

  test('a wrong token is counted; after ten the address must wait; a right token passes all the same', async () => {
    await using place = await openApiYard();
    const { url } = place.listener;
    const ask = (authorization: string) => fetch(`${url}/v1/whoami`, { headers: { authorization } });
    const first = await ask('Bearer wrong');
    expect([first.status, first.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="switchyard"']);
    for (let n = 0; n < 9; n++) await ask('Bearer wrong');
    expect((await ask('Bearer wrong')).status).toBe(429);
    expect((await ask('Bearer ada')).status).toBe(200);
    expect(place.failures.length).toBe(10);
  });

  test('every row is in the description, every reference in it leads somewhere', async () => {
    await using place = await openApiYard();
    const document = (await (await fetch(`${place.listener.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows = place.door.rows.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')}`);
    expect(described.sort()).toEqual(rows.sort());
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('every row says what it answers, and pages of configured origins may call it', async () => {
    await using place = await openApiYard({ deps: { allowedOrigins: ['https://ui.example'] } });
    for (const { method, path, answers, summary, cors } of place.door.rows) {
      expect([method, path, Object.keys(answers ?? {}).length > 0, summary.endsWith('.')]).toEqual([method, path, true, true]);
      expect(cors?.origins).toEqual(['https://ui.example']);
    }
  });
});
