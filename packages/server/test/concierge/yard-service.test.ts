import { describe, expect, it } from 'vitest';
import { type Principal, roles } from '../../src/domain/principal.ts';
import { openYard } from '../engine/lib/yard.ts';
import { ask, enter, type Joined } from './lib/clients.ts';
import { openPlace } from './lib/place.ts';
import type { Json } from './lib/wire-client.ts';

const principal = (role: 'admin' | 'submitter' | 'viewer', name: string): Principal => ({
  ...roles[role],
  id: `token:${name}`,
  name,
  kinds: null,
});
const people: Readonly<Record<string, Principal>> = {
  ada: principal('submitter', 'ada'),
  bob: principal('submitter', 'bob'),
  viewer: principal('viewer', 'viewer'),
};

async function open() {
  const yard = await openYard();
  const failures: string[] = [];
  const revoked = new Set<string>();
  const auth = {
    token: async (token: string) => (revoked.has(token) ? null : (people[token] ?? null)),
    throttled: () => failures.length >= 3,
    failed: (remote: string) => void failures.push(remote),
  };
  const place = await openPlace({ door: { service: true }, deps: { engine: yard.engine, auth } });
  return {
    yard,
    place,
    failures,
    revoked,
    async [Symbol.asyncDispose]() {
      await place.close();
      await yard.close();
    },
  };
}

async function subscriber(port: number, name: string): Promise<Joined> {
  const joined = await enter(port, name);
  expect(await ask(joined.client, { type: 'SELF_SUBSCRIBE', service: 'switchyard' })).toMatchObject({ successful: true });
  await joined.client.hear();
  return joined;
}

/** Sends to the service; gives the data of its next message. */
async function request({ client }: Joined, data: object): Promise<Readonly<Record<string, unknown>>> {
  client.say({ type: 'MESSAGE', target: { type: 'SERVICE', service: 'switchyard' }, data });
  let answered: Json | null = null;
  for (let ok = false; !ok || answered === null; ) {
    const heard = await client.hear();
    if (heard.type === 'MESSAGE') answered = heard;
    else if (heard.type === 'OK') ok = true;
  }
  expect(answered).toMatchObject({
    origin: { name: 'switchyard', service: { name: 'switchyard' } },
    target: { type: 'SERVICE_CLIENT_UUID' },
  });
  return answered.data as Readonly<Record<string, unknown>>;
}

const sleep = { kind: 'shell', name: 'nap', spec: { argv: ['sleep', '1'] } };

describe('concierge: the service switchyard', () => {
  it('is not there unless it is asked for', async () => {
    await using place = await openPlace();
    const { client } = await enter(place.port, 'ada');
    expect(await ask(client, { type: 'SERVICE_FETCH', service: 'switchyard' })).toMatchObject({ type: 'INVALID_SERVICE' });
  });

  it('answers nothing of the yard before a token, and notes wrong ones', async () => {
    await using all = await open();
    const ada = await subscriber(all.place.port, 'ada');
    expect(await request(ada, { type: 'SUBMIT', id: 1, request: sleep })).toMatchObject({
      type: 'REFUSED',
      id: 1,
      code: 'unauthenticated',
    });
    for (let i = 0; i < 3; i++) {
      expect(await request(ada, { type: 'AUTH', token: 'guess' })).toMatchObject({ type: 'REFUSED', code: 'unauthenticated' });
    }
    expect(all.failures).toHaveLength(3);
    expect(await request(ada, { type: 'WATCH' })).toMatchObject({ type: 'REFUSED', code: 'unauthenticated' });
    expect(await request(ada, { type: 'AUTH', token: 'ada' })).toMatchObject({ type: 'AUTH_RESULT', name: 'ada' });
    expect(await request(ada, { type: 'NONSENSE' })).toMatchObject({ type: 'REFUSED', code: 'unsupported' });
    expect(await request(ada, { type: 'WATCH', nonsense: 1 })).toMatchObject({ type: 'REFUSED', code: 'unknown_field' });
  });

  it('submits, tells each watcher the changes that its token may see, and cancels', async () => {
    await using all = await open();
    const [ada, bob, viewer] = [
      await subscriber(all.place.port, 'ada'),
      await subscriber(all.place.port, 'bob'),
      await subscriber(all.place.port, 'viewer'),
    ];
    for (const one of [ada, bob, viewer]) {
      const name = one === ada ? 'ada' : one === bob ? 'bob' : 'viewer';
      expect(await request(one, { type: 'AUTH', token: name })).toMatchObject({ type: 'AUTH_RESULT', name });
      expect(await request(one, { type: 'WATCH' })).toMatchObject({ type: 'WATCH_RESULT' });
    }
    const submitted = await request(ada, { type: 'SUBMIT', id: 'a', request: sleep });
    // Its own change may come first.
    const result = submitted.type === 'CHANGE' ? ((await ada.client.hear()).data as typeof submitted) : submitted;
    expect(result).toMatchObject({ type: 'SUBMIT_RESULT', id: 'a', job: { name: 'nap', kind: 'shell' } });
    const { id } = result.job as { id: number };
    const told = (await nextMessage(viewer)).data;
    expect(told).toMatchObject({ type: 'CHANGE', kind: 'job.created', job: id, data: { name: 'nap' } });
    expect(await request(viewer, { type: 'SUBMIT', request: sleep })).toMatchObject({ type: 'REFUSED', code: 'forbidden' });
    expect(await request(viewer, { type: 'CANCEL', job: id })).toMatchObject({ type: 'REFUSED', code: 'forbidden' });
    expect(await request(bob, { type: 'CANCEL', job: id, id: 7 }), 'of others nothing is known').toMatchObject({
      type: 'REFUSED',
      id: 7,
      code: 'not_found',
    });
    ada.client.say({ type: 'MESSAGE', target: { type: 'SERVICE', service: 'switchyard' }, data: { type: 'CANCEL', job: id } });
    const kinds: unknown[] = [];
    while (!kinds.includes('CANCEL_RESULT')) kinds.push(((await nextMessage(ada)).data as { type: string }).type);
    expect(await request(bob, { type: 'UNWATCH' }), 'and bob has heard nothing of it').toMatchObject({ type: 'UNWATCH_RESULT' });
  });

  it('notices a token that was revoked', async () => {
    await using all = await open();
    const ada = await subscriber(all.place.port, 'ada');
    await request(ada, { type: 'AUTH', token: 'ada' });
    all.revoked.add('ada');
    expect(await request(ada, { type: 'UNWATCH' })).toMatchObject({ type: 'UNWATCH_RESULT' });
    for (let i = 0; i < 7; i++) {
      await all.place.clock.advance(5_000);
      ada.client.say({ type: 'SELF_SET_SEQ', seq: 0 });
      await ada.client.hear();
    }
    expect(await request(ada, { type: 'UNWATCH' })).toMatchObject({ type: 'REFUSED', code: 'unauthenticated' });
  });

  async function nextMessage({ client }: Joined): Promise<Json> {
    for (;;) {
      const heard = await client.hear();
      if (heard.type === 'MESSAGE') return heard;
    }
  }
});
