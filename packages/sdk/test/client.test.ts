import { describe, expect, test } from 'vitest';
import { createClient } from '../src/client/client.ts';
import { ApiError, ServerUnreachable } from '../src/client/errors.ts';
import { queryString } from '../src/client/query-string.ts';
import { readSse } from '../src/client/sse.ts';
import { bodyOf, scripted } from './lib.ts';

const noWait = async (): Promise<void> => {};
const problem = {
  type: '/docs/errors#not_found',
  title: 'There is no such thing',
  status: 404,
  code: 'not_found',
  detail: 'There is no job 7',
  retry: 'never',
};

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('requests', () => {
  test('carry the token, JSON, keys; addresses are encoded', async () => {
    const seen: { headers: unknown; body: string }[] = [];
    await using server = await scripted((request, response) => {
      void bodyOf(request).then((body) => {
        seen.push({ headers: request.headers, body });
        response.writeHead(200, { 'content-type': 'application/json', 'idempotent-replayed': 'true' }).end('{"id":1}');
      });
    });
    const yard = createClient({ server: `${server.url}///`, token: 'secret' });
    expect(yard.server).toBe(server.url);
    expect(await yard.jobs.submit({ spec: { argv: ['x'] } }, { key: 'k' })).toEqual({ job: { id: 1 }, replayed: true });
    await yard.jobs.list({ state: ['active', 'held'], label: 'a:b c', limit: 5 });
    await yard.tasks.artifact(3, 'a/b c?.txt');
    await yard.pools.remove('a:b');
    expect(server.asked).toEqual([
      'POST /v1/jobs',
      'GET /v1/jobs?state=active%2Cheld&label=a%3Ab+c&limit=5',
      'GET /v1/tasks/3/artifacts/a/b%20c%3F.txt',
      'DELETE /v1/pools/a%3Ab',
    ]);
    expect(seen[0]).toMatchObject({
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: '{"spec":{"argv":["x"]}}',
    });
    expect(seen[1]?.headers).not.toHaveProperty('content-type');
  });

  test('what is undefined or empty stays out of a query', () => {
    expect(queryString({ a: undefined, b: null, c: [], d: 0, e: false, f: '' })).toBe('?d=0&e=false&f=');
    expect(queryString({})).toBe('');
  });

  test('a problem document becomes an ApiError with all of it', async () => {
    await using server = await scripted((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    });
    const error = await failure(createClient({ server: server.url }).jobs.show(7));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ message: 'There is no job 7', status: 404, code: 'not_found', problem });
  });

  test('an answer of something else is said to be one', async () => {
    await using server = await scripted((_request, response) => response.writeHead(502).end('<html>proxy</html>'));
    const error = await failure(createClient({ server: server.url }).stats());
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining('not one of a Switchyard server') });
  });

  test('nobody there: one clear error that names the address and the cause', async () => {
    const server = await scripted();
    await server[Symbol.asyncDispose]();
    const error = await failure(createClient({ server: server.url }).stats());
    expect(error).toBeInstanceOf(ServerUnreachable);
    expect((error as Error).message).toMatch(new RegExp(`^No answer from ${server.url}: .*ECONNREFUSED`));
  });

  test('a connection that breaks in mid-answer is the same', async () => {
    await using server = await scripted((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"a"');
      setImmediate(() => response.destroy());
    });
    expect(await failure(createClient({ server: server.url }).stats())).toBeInstanceOf(ServerUnreachable);
  });

  test('the caller’s own abort stays what it is', async () => {
    await using server = await scripted(() => {});
    const stop = new AbortController();
    const waiting = failure(createClient({ server: server.url }).jobs.waitOnce(1, { signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect(await waiting).toMatchObject({ message: 'enough' });
  });

  test('waiting asks again until the job has ended', async () => {
    const answer = (state: string) => (_request: unknown, response: { end(text: string): void }) =>
      response.end(`{"state":"${state}"}`);
    await using server = await scripted(answer('active'), answer('active'), answer('failed'));
    expect((await createClient({ server: server.url }).jobs.wait(1)).state).toBe('failed');
    expect(server.asked.length).toBe(3);
  });
});

describe('server-sent events', () => {
  async function read(...parts: (string | Uint8Array)[]) {
    const events = [];
    async function* bytes() {
      for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
    }
    for await (const event of readSse(bytes())) events.push(event);
    return events;
  }
  const whole = 'id: 7\r\nevent: x\r\ndata: ä\r\ndata: b\r\n\r\n: comment\n\ndata\n\nid:8\rdata:  c\r\r';
  const events = [
    { id: '7', event: 'x', data: 'ä\nb' },
    { id: null, event: 'message', data: '' },
    { id: '8', event: 'message', data: ' c' },
  ];

  test('lines, comments and fields as the standard has them', async () => {
    expect(await read(whole, '\n')).toEqual(events);
  });

  test('whatever the cuts', async () => {
    const bytes = Buffer.from(`${whole}\n`);
    expect(await read(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(events);
    for (let at = 1; at < bytes.length; at++) expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual(events);
  });

  test('an event that is not finished is not one; one that never ends is given up', async () => {
    expect(await read('data: half\n')).toEqual([]);
    await expect(read('x'.repeat(16 * 1_048_576), 'x')).rejects.toThrow('16 MiB');
  });
});

describe('following', () => {
  const change = (number: number) => `id: ${number}\nevent: job.created\ndata: {"number":${number},"kind":"job.created"}\n\n`;

  test('changes go on after the last number, also when the line broke before the first', async () => {
    const open = (text: string) => (_request: unknown, response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(text, () => response.destroy());
    };
    await using server = await scripted(
      open('id: 4\nevent: hello\ndata: {"newest":4}\n\n'),
      open(change(5) + change(6)),
      (_request, response) => response.writeHead(503).end(),
      open('id: 90\nevent: reset\ndata: {"newest":90}\n\n'),
      open(change(91)),
    );
    const lost: unknown[] = [];
    const seen: unknown[] = [];
    for await (const event of createClient({ server: server.url, wait: noWait }).changes({ onLost: (why) => lost.push(why) })) {
      if (event.type === 'change') seen.push(event.change.number);
      if (event.type === 'reset') seen.push(`reset ${event.newest}`);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([5, 6, 'reset 90', 91]);
    expect(server.asked).toEqual([
      'GET /v1/changes',
      'GET /v1/changes?since=4',
      'GET /v1/changes?since=6',
      'GET /v1/changes?since=6',
      'GET /v1/changes?since=90',
    ]);
    expect(lost.length).toBe(4);
  });

  test('a refusal that would stay one is thrown', async () => {
    await using server = await scripted((_request, response) =>
      response.writeHead(403).end(JSON.stringify({ ...problem, status: 403 })),
    );
    const events = createClient({ server: server.url, wait: noWait }).changes();
    expect(await failure(events.next())).toMatchObject({ status: 403 });
  });

  test('a log goes on where it broke off, of the same attempt, and ends with it', async () => {
    const head = { 'x-log-attempt': '2' };
    await using server = await scripted(
      (_request, response) => response.writeHead(204, { 'x-log-attempt': '0' }).end(),
      (_request, response) => {
        response.writeHead(200, head);
        response.write('hello ', () => response.destroy());
      },
      (_request, response) => response.writeHead(200, head).end('world'),
    );
    const attempts: number[] = [];
    let text = '';
    const client = createClient({ server: server.url, wait: noWait });
    for await (const bytes of client.tasks.followLog(9, { stream: 'err', onAttempt: (attempt) => attempts.push(attempt) })) {
      text += Buffer.from(bytes).toString();
    }
    expect([text, attempts]).toEqual(['hello world', [2]]);
    expect(server.asked).toEqual([
      'GET /v1/tasks/9/log?stream=err&start=0&follow=true',
      'GET /v1/tasks/9/log?stream=err&start=0&follow=true',
      'GET /v1/tasks/9/log?stream=err&attempt=2&start=6&follow=true',
    ]);
  });

  test('whoever leaves early closes the connection', async () => {
    let closed = (): void => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    await using server = await scripted((request, response) => {
      request.on('close', () => {});
      response.on('close', closed);
      response.writeHead(200, { 'x-log-attempt': '1' }).write('x');
    });
    for await (const bytes of createClient({ server: server.url }).tasks.followLog(1)) {
      expect(bytes.length).toBe(1);
      break;
    }
    await gone;
  });
});
