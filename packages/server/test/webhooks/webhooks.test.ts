import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookRequest } from '@switchyard/sdk/webhook.ts';
import { describe, expect, test } from 'vitest';
import { type Principal, principalWith } from '../../src/domain/principal.ts';
import { openWebhooks, type WebhooksDeps } from '../../src/webhooks/open-webhooks.ts';
import { admin, ok, openYard, settle, submit, submitter, type Yard } from '../engine/lib/yard.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { until } from '../lib/until.ts';

interface Event {
  readonly number: number;
  readonly kind: string;
  readonly job: number | null;
  readonly data: Record<string, unknown>;
}

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { webhook: number; events: Event[]; lost?: { after: number; upTo: number } };
}

/** Somebody who receives webhooks: keeps what comes, answers what `answer` says. */
async function receiver() {
  const got: Got[] = [];
  const place = { got, url: '', answer: (response: ServerResponse): void => void response.writeHead(204).end() };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, text, body: JSON.parse(text) });
      place.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  place.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`;
  return Object.assign(place, {
    events: () => got.flatMap(({ body }) => body.events),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

interface Place extends AsyncDisposable {
  readonly yard: Yard;
  readonly webhooks: Awaited<ReturnType<typeof openWebhooks>>;
  readonly errors: string[];
  readonly secrets: Map<string, string>;
  readonly people: Map<string, Principal>;
  again(deps?: Partial<WebhooksDeps>, how?: { crashed: boolean }): Promise<void>;
}

async function open(first: Partial<WebhooksDeps> = {}): Promise<Place> {
  const yard = await openYard();
  const people = new Map([admin, submitter].map((one) => [one.id, one]));
  const errors: string[] = [];
  const secrets = new Map<string, string>();
  const build = (more: Partial<WebhooksDeps>) =>
    openWebhooks({
      ...{ records: yard.store.records, clock: yard.clock, random: createSeededRandom(3), engine: yard.engine },
      ...{ version: '1', allowPrivate: true, resolve: async () => ['127.0.0.1'] },
      secrets: {
        get: async (name) => secrets.get(name) ?? null,
        set: async (name, secret) => void secrets.set(name, secret),
        delete: async (name) => secrets.delete(name),
      },
      principal: async (id) => people.get(id) ?? null,
      note: () => {},
      info: () => {},
      failed: (_where, cause) => errors.push(String(cause)),
      ...more,
    });
  let webhooks = await build(first);
  return {
    ...{ yard, people, errors, secrets },
    get webhooks() {
      return webhooks;
    },
    async again(deps = {}) {
      await webhooks.close();
      webhooks = await build(deps);
    },
    [Symbol.asyncDispose]: async () => {
      await webhooks.close();
      await yard.close();
    },
  };
}

const add = async (place: Place, url: string, more: Partial<WebhookRequest> = {}, by = submitter) =>
  ok(await place.webhooks.add(by, { name: 'hook', url, ...more }));

/** Lets what was gathered go out, and come in. */
async function send(place: Place, done: () => boolean, ms = 100): Promise<void> {
  await place.yard.clock.advance(ms);
  await until(done);
}

const log = (place: Place, id: number) => ok(place.webhooks.get(admin, id)).state.log;

describe('deliveries', () => {
  test('carry what happened, in order, once, signed over time and body', async () => {
    await using place = await open();
    await using there = await receiver();
    const { secret, webhook } = await add(place, there.url, { kinds: ['job.created'] });
    const jobs = [await submit(place.yard, {}, submitter), await submit(place.yard, {}, submitter)];
    await send(place, () => there.got.length === 1);
    expect(there.events()).toMatchObject(
      jobs.map(({ job }) => ({ kind: 'job.created', job: job.id, data: { state: 'waiting' } })),
    );
    const { headers, text, body } = there.got[0]!;
    expect(body.webhook).toBe(webhook.id);
    expect(headers['content-type']).toBe('application/json');
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['switchyard-signature']))!;
    expect(hex).toBe(createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex'));
    expect(Number(seconds)).toBe(Math.floor(place.yard.clock.now() / 1_000));
    expect(JSON.stringify(webhook)).not.toContain(secret);
    await until(() => log(place, webhook.id).length === 1);
    expect(log(place, webhook.id)).toMatchObject([{ events: 2, status: 204, error: null, test: false }]);
  });

  test('hold at most a hundred events; a thousand come in order, none twice', async () => {
    await using place = await open();
    await using there = await receiver();
    await add(place, there.url, { kinds: ['job.created'] }, admin);
    for (let i = 0; i < 1_000; i++) await submit(place.yard, {});
    await send(place, () => there.events().length >= 1_000);
    await place.yard.clock.advance(1_000);
    const numbers = there.events().map(({ number }) => number);
    expect(numbers).toHaveLength(1_000);
    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(numbers);
    expect(Math.max(...there.got.map(({ body }) => body.events.length))).toBe(100);
  });

  test('begin with the next change, not with the past', async () => {
    await using place = await open();
    await using there = await receiver();
    await submit(place.yard, {}, submitter);
    await add(place, there.url, { kinds: ['job.created'] });
    const { job } = await submit(place.yard, {}, submitter);
    await send(place, () => there.got.length > 0);
    expect(there.events().map((event) => event.job)).toEqual([job.id]);
  });
});

describe('who gets what', () => {
  test('own scope: only events of own jobs, whatever is asked for', async () => {
    await using place = await open();
    await using there = await receiver();
    await using all = await receiver();
    await add(place, there.url, { kinds: ['job.created', 'worker.created'] });
    await add(place, all.url, { kinds: ['job.created'] }, admin);
    await submit(place.yard, {}, admin);
    const { job } = await submit(place.yard, {}, submitter);
    await send(place, () => there.events().length >= 1 && all.events().length >= 2);
    expect(there.events().map((event) => event.job)).toEqual([job.id]);
  });

  test('label, owner and state narrow it', async () => {
    await using place = await open();
    await using there = await receiver();
    const asked = {
      kinds: ['job.created', 'job.changed'],
      label: { name: 'team', value: 'a' },
      owner: submitter.id,
      states: ['canceled'],
    };
    await add(place, there.url, asked, admin);
    await submit(place.yard, { labels: { team: 'b' } }, submitter);
    await submit(place.yard, { labels: { team: 'a' } }, admin);
    const { job } = await submit(place.yard, { labels: { team: 'a' } }, submitter);
    ok(await place.yard.engine.command(admin, 'cancel', { job: job.id, kill: true }));
    await send(place, () => there.events().length >= 2);
    await place.yard.clock.advance(1_000);
    expect(there.events().map((event) => [event.kind, event.job, event.data.state])).toEqual([
      ['job.created', job.id, 'waiting'],
      ['job.changed', job.id, 'canceled'],
    ]);
  });

  test('rights are those of now: whoever is gone gets nothing more, and it is said', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url);
    place.people.delete(submitter.id);
    await submit(place.yard, {}, submitter);
    await send(place, () => ok(place.webhooks.get(admin, webhook.id)).state.paused !== null);
    expect(ok(place.webhooks.get(admin, webhook.id)).state.paused?.text).toContain('gone, disabled or expired');
    expect(there.got).toEqual([]);
  });

  test('others neither see nor steer it', async () => {
    await using place = await open();
    const { webhook } = await add(place, 'http://127.0.0.1:9/');
    const bob = principalWith('submitter', 'token:9', 'bob');
    expect(place.webhooks.list(bob)).toEqual([]);
    for (const verb of ['pause', 'resume', 'test', 'renew', 'remove'] as const) {
      expect((await place.webhooks[verb](bob, webhook.id)).refusal?.code).toBe('not_found');
    }
  });
});

describe('a receiver that fails', () => {
  test('is asked again, later each time, with the same events; then all goes on', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url, { kinds: ['job.created'] });
    there.answer = (response) => void response.writeHead(500).end('oh');
    await submit(place.yard, {}, submitter);
    await send(place, () => log(place, webhook.id).length === 1);
    const state = () => ok(place.webhooks.get(admin, webhook.id)).state;
    const waits: number[] = [];
    for (let i = 2; i <= 4; i++) {
      const wait = (state().nextAt ?? 0) - place.yard.clock.now();
      waits.push(wait);
      await place.yard.clock.advance(wait - 1);
      expect(there.got).toHaveLength(i - 1);
      await send(place, () => log(place, webhook.id).length === i, 1);
    }
    for (const [i, full] of [5_000, 10_000, 20_000].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(full / 2);
      expect(waits[i]).toBeLessThanOrEqual(full);
    }
    there.answer = (response) => void response.writeHead(200).end();
    const { job } = await submit(place.yard, {}, submitter);
    await place.yard.clock.advance((state().nextAt ?? 0) - place.yard.clock.now());
    await until(() => state().failures === 0);
    await place.yard.clock.advance(1_000);
    const numbers = there.got.map(({ body }) => body.events.map(({ number }) => number));
    expect(new Set(numbers.slice(0, 4).map(String)).size).toBe(1);
    expect(there.events().at(-1)?.job).toBe(job.id);
  });

  test('for twelve hours is paused and says so; resumed, everything that happened meanwhile comes', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url, { kinds: ['job.created'] });
    there.answer = (response) => void response.writeHead(503).end();
    await submit(place.yard, {}, submitter);
    const state = () => ok(place.webhooks.get(admin, webhook.id)).state;
    for (let tries = 1; state().paused === null; tries++) {
      const before = state().failures;
      await place.yard.clock.advance(Math.max(100, (state().nextAt ?? 0) - place.yard.clock.now()));
      await until(() => state().failures > before);
      expect(tries).toBeLessThan(60);
    }
    expect(state().paused?.text).toContain('12 hours, at last with status 503');
    await submit(place.yard, {}, submitter);
    const before = there.got.length;
    await place.yard.clock.advance(7_200_000);
    expect(there.got).toHaveLength(before);
    there.answer = (response) => void response.writeHead(200).end();
    ok(await place.webhooks.resume(submitter, webhook.id));
    await send(place, () => there.got.length > before);
    expect(there.got.at(-1)?.body.events).toHaveLength(2);
  });

  test('that says 410 is paused at once', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url);
    there.answer = (response) => void response.writeHead(410).end();
    await submit(place.yard, {}, submitter);
    await send(place, () => ok(place.webhooks.get(admin, webhook.id)).state.paused !== null);
    expect(there.got).toHaveLength(1);
  });

  test('that redirects elsewhere is not followed', async () => {
    await using place = await open();
    await using there = await receiver();
    await using elsewhere = await receiver();
    const { webhook } = await add(place, there.url);
    there.answer = (response) => void response.writeHead(307, { location: elsewhere.url }).end();
    expect(ok(await place.webhooks.test(submitter, webhook.id))).toMatchObject({
      status: 307,
      error: 'redirects are not followed',
    });
    expect(elsewhere.got).toEqual([]);
  });

  test('that never answers is given up after ten seconds', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url);
    there.answer = () => {};
    const tested = place.webhooks.test(submitter, webhook.id);
    await until(() => there.got.length === 1);
    await place.yard.clock.advance(10_000);
    expect(ok(await tested)).toMatchObject({ status: null, error: 'no answer within 10 s', ms: 10_000, test: true });
  });

  test('that answers without end is cut off', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url);
    there.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect(ok(await place.webhooks.test(submitter, webhook.id))).toMatchObject({ status: 200 });
  });

  test('does not hold up the others', async () => {
    await using place = await open();
    await using slow = await receiver();
    await using quick = await receiver();
    slow.answer = () => {};
    await add(place, slow.url);
    await add(place, quick.url, { kinds: ['job.created'] });
    await submit(place.yard, {}, submitter);
    await send(place, () => quick.got.length === 1 && slow.got.length === 1);
    await submit(place.yard, {}, submitter);
    await send(place, () => quick.got.length === 2);
    expect(slow.got).toHaveLength(1);
  });
});

describe('over a restart', () => {
  test('nothing is lost and nothing is sent again that had arrived', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url, { kinds: ['job.created'] });
    await submit(place.yard, {}, submitter);
    await send(place, () => log(place, webhook.id).length === 1);
    await place.again();
    await submit(place.yard, {}, submitter);
    await send(place, () => there.got.length === 2);
    expect(new Set(there.events().map(({ number }) => number)).size).toBe(2);
  });

  test('what was on its way comes again, with the same numbers', async () => {
    await using place = await open();
    await using there = await receiver();
    await add(place, there.url, { kinds: ['job.created'] });
    there.answer = () => {};
    await submit(place.yard, {}, submitter);
    await send(place, () => there.got.length === 1);
    await place.again();
    there.answer = (response) => void response.writeHead(200).end();
    await send(place, () => there.got.length === 2);
    const [first, second] = there.got.map(({ body }) => body.events.map(({ number }) => number));
    expect(second).toEqual(first);
  });

  test('what happened while nobody was there comes; what is no longer kept is said to be lost', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url, { kinds: ['job.created'] });
    await place.webhooks.close();
    await submit(place.yard, {}, submitter);
    await place.again();
    await send(place, () => there.got.length === 1);
    await until(() => log(place, webhook.id).length === 1);
    await place.webhooks.close();
    const before = place.yard.engine.feed.newest;
    for (let i = 0; i < 5; i++) await submit(place.yard, {}, submitter);
    const { feed } = place.yard.engine;
    const newest = feed.newest;
    // As after a retention that has removed them.
    const forgetful = new Proxy(feed, {
      get: (target, key) =>
        key === 'read'
          ? async (...args: Parameters<typeof feed.read>) => (args[2] < newest ? { reset: newest } : feed.read(...args))
          : Reflect.get(target, key),
    });
    await place.again({ engine: { feed: forgetful, query: place.yard.engine.query } });
    await place.yard.clock.advance(100);
    await settle();
    await submit(place.yard, {}, submitter);
    await send(place, () => there.got.length === 2);
    expect(there.got[1]?.body).toMatchObject({ lost: { after: before, upTo: newest }, events: [{ kind: 'job.created' }] });
  });
});

describe('by hand', () => {
  test('a new secret ends the old one; a removed webhook leaves none', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook, secret } = await add(place, there.url);
    const renewed = ok(await place.webhooks.renew(submitter, webhook.id));
    expect(renewed).not.toBe(secret);
    ok(await place.webhooks.test(submitter, webhook.id));
    const { headers, text, body } = there.got[0]!;
    expect(body.events).toMatchObject([{ kind: 'webhook.test', number: 0 }]);
    const seconds = /t=(\d+)/.exec(String(headers['switchyard-signature']))?.[1];
    expect(headers['switchyard-signature']).toContain(createHmac('sha256', renewed).update(`${seconds}.${text}`).digest('hex'));
    ok(await place.webhooks.remove(submitter, webhook.id));
    expect(place.secrets.size).toBe(0);
    await submit(place.yard, {}, submitter);
    await place.yard.clock.advance(1_000);
    expect(there.got).toHaveLength(1);
    await place.again();
    expect(place.webhooks.list(admin)).toEqual([]);
  });

  test('paused nothing is sent; resumed it goes on where it stood', async () => {
    await using place = await open();
    await using there = await receiver();
    const { webhook } = await add(place, there.url, { kinds: ['job.created'] });
    ok(await place.webhooks.pause(submitter, webhook.id));
    await submit(place.yard, {}, submitter);
    await place.yard.clock.advance(10_000);
    expect(there.got).toEqual([]);
    ok(await place.webhooks.resume(submitter, webhook.id));
    await send(place, () => there.got.length === 1);
  });

  test('what is refused', async () => {
    await using place = await open();
    const code = async (more: Partial<WebhookRequest>, by = submitter) =>
      (await place.webhooks.add(by, { name: 'x', url: 'https://example.org/', ...more })).refusal?.code ?? 'taken';
    expect(await code({ kinds: ['job.exploded'] })).toBe('invalid');
    expect(await code({ url: 'ftp://example.org/' })).toBe('invalid');
    expect(await code({ url: 'https://me:secret@example.org/' })).toBe('invalid');
    expect(await code({}, principalWith('viewer', 'token:8', 'eve'))).toBe('forbidden');
    for (let i = 0; i < 20; i++) expect(await code({})).toBe('taken');
    expect(await code({})).toBe('too_many');
    expect(await code({}, admin)).toBe('taken');
  });

  test('the closed one leaves no timer', async () => {
    await using place = await open();
    const before = place.yard.clock.pending;
    await add(place, 'http://127.0.0.1:9/');
    await submit(place.yard, {}, submitter);
    await place.webhooks.close();
    expect(place.yard.clock.pending).toBe(before);
  });
});

describe('addresses that are not public', () => {
  const closed = { allowPrivate: false };

  test('are refused as they stand', async () => {
    await using place = await open(closed);
    const urls = [
      ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0.0.0.0', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254'],
      ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[fe80::1]', '[fd00::1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', 'localhost'],
      ...['a.localhost', '100.64.0.1', '224.0.0.1', '255.255.255.255', 'LOCALHOST'],
    ];
    for (const host of urls) {
      const { refusal } = await place.webhooks.add(submitter, { name: 'x', url: `http://${host}/` });
      expect([host, refusal?.code]).toEqual([host, 'invalid']);
    }
  });

  test('are refused when a name stands for one, of several too, and nobody is called', async () => {
    await using there = await receiver();
    const port = new URL(there.url).port;
    for (const addresses of [['127.0.0.1'], ['93.184.215.14', '10.0.0.1'], ['::1']]) {
      await using place = await open({ ...closed, resolve: async () => addresses });
      const { webhook } = await add(place, `http://hook.example.org:${port}/`);
      const { status, error } = ok(await place.webhooks.test(submitter, webhook.id));
      expect(status).toBeNull();
      expect(error).toContain('webhooks.private-targets');
    }
    expect(there.got).toEqual([]);
  });

  test('the address that was looked at is the one that is called: the name is asked for once', async () => {
    await using there = await receiver();
    let asked = 0;
    const resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['192.0.2.1']);
    await using place = await open({ resolve });
    const { webhook } = await add(place, `http://hook.example.org:${new URL(there.url).port}/`);
    expect(ok(await place.webhooks.test(submitter, webhook.id)).status).toBe(204);
    expect(asked).toBe(1);
    expect(there.got[0]?.headers.host).toContain('hook.example.org');
  });

  test('a name that nobody knows is said', async () => {
    await using place = await open({ resolve: async () => Promise.reject(new Error('ENOTFOUND')) });
    const { webhook } = await add(place, 'https://hook.example.org/');
    expect(ok(await place.webhooks.test(submitter, webhook.id)).error).toBe('hook.example.org is not known');
  });
});
