import { describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { ask, enter, enterAll, type Joined, strict } from './lib/clients.ts';
import { openPlace, type Place } from './lib/place.ts';
import type { Json } from './lib/wire-client.ts';

const toService = (service: string, data: unknown = 1): object => ({
  type: 'MESSAGE',
  target: { type: 'SERVICE', service },
  data,
});

/** A service of `owner` with these subscribers; nothing of it is left to hear. */
async function withService(place: Place, ...subscribers: readonly string[]): Promise<Record<string, Joined>> {
  const all: Record<string, Joined> = await enterAll(place.port, 'owner', 'ada', 'bob', 'cy');
  await ask(all.owner!.client, { type: 'SERVICE_CREATE', service: 'chat', nickname: 'Chat' });
  await all.owner!.client.hear();
  for (const name of ['ada', 'bob', 'cy']) await all[name]!.client.hear();
  const present: Joined[] = [];
  for (const name of subscribers) {
    const joined = all[name]!;
    present.push(joined);
    await ask(joined.client, { type: 'SELF_SUBSCRIBE', service: 'chat' });
    for (const { client } of present) await client.hear();
  }
  return all;
}

/** What these clients have heard until now, by asking each something whose answer cannot be overtaken. */
async function heard(...clients: readonly Joined[]): Promise<Json[][]> {
  const all: Json[][] = [];
  for (const { client } of clients) {
    client.say({ type: 'SELF_SET_SEQ', seq: 900 });
    all.push((await client.hearUntilSeq(900)).slice(0, -1));
  }
  return all;
}

const types = (payloads: readonly Json[]): string[] => payloads.map(({ type }) => type);

describe('concierge: services and relay', () => {
  it('concierge §9.12 creation is told to all without a number, then answered to the creator with one', async () => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    ada.client.say({ type: 'SERVICE_CREATE', service: 'weather', nickname: 'Weather' });
    const service = { name: 'weather', nickname: 'Weather', owner_uuid: ada.uuid, subscribers: [] };
    const told = { type: 'SERVICE_CREATE_RESULT', successful: true, service };
    expect(await ada.client.hearAll(2)).toEqual([told, { seq: 0, ...told }]);
    expect(await bob.client.hear()).toEqual(told);
  });

  it('concierge §9.13 creating again is not successful, told to the asker only, with the old owner', async () => {
    await using place = await openPlace();
    const { owner, ada } = await withService(place);
    for (const { client } of [ada!, owner!]) {
      const again = await ask(client, { type: 'SERVICE_CREATE', service: 'chat', nickname: 'Mine' });
      expect(again).toMatchObject({ successful: false, service: { owner_uuid: owner!.uuid, nickname: 'Chat' } });
      expect(again).toHaveProperty('seq');
    }
    expect(await heard(owner!, ada!)).toEqual([[], []]);
  });

  it('concierge §9.14 subscribing is answered first, then told, to the subscriber too; twice is not successful and not told', async () => {
    await using place = await openPlace();
    const { owner, ada, bob } = await withService(place, 'ada');
    bob!.client.say({ type: 'SELF_SUBSCRIBE', service: 'chat' });
    const service = { name: 'chat', nickname: 'Chat', owner_uuid: owner!.uuid, subscribers: [ada!.uuid, bob!.uuid] };
    const client = { name: 'bob', uuid: bob!.uuid, tags: [] };
    const event = { type: 'SERVICE_CLIENT_SUBSCRIBED', client, service };
    expect(await bob!.client.hearAll(2)).toEqual([{ seq: 0, type: 'SELF_SUBSCRIBE_RESULT', successful: true, service }, event]);
    expect(await ada!.client.hear()).toEqual(event);
    expect(await ask(bob!.client, { type: 'SELF_SUBSCRIBE', service: 'chat' })).toMatchObject({ seq: 1, successful: false });
    bob!.client.say({ type: 'SELF_UNSUBSCRIBE', service: 'chat' });
    expect(await bob!.client.hear()).toMatchObject({ seq: 2, type: 'SELF_UNSUBSCRIBE_RESULT', successful: true });
    const left = await ada!.client.hear();
    expect(left).toMatchObject({ type: 'SERVICE_CLIENT_UNSUBSCRIBED', client, service: { subscribers: [ada!.uuid] } });
    expect(await ask(bob!.client, { type: 'SELF_UNSUBSCRIBE', service: 'chat' })).toMatchObject({ seq: 3, successful: false });
    expect(await heard(owner!, ada!, bob!)).toEqual([[], [], []]);
  });

  it('concierge §9.15 an owner that has not subscribed gets messages but no subscribe events', async () => {
    await using place = await openPlace();
    const { owner, ada } = await withService(place, 'ada');
    expect(await heard(owner!)).toEqual([[]]);
    expect(await ask(ada!.client, toService('chat', { type: 'INPUT', text: 'hi' }))).toMatchObject({ type: 'OK' });
    expect(await owner!.client.hear()).toMatchObject({ type: 'MESSAGE', data: { type: 'INPUT', text: 'hi' } });
  });

  it('concierge §9.16 the owner reaches all subscribers but not itself, a subscriber the owner only, an outsider nobody', async () => {
    await using place = await openPlace();
    const { owner, ada, bob, cy } = await withService(place, 'ada', 'bob', 'owner');
    expect(await ask(owner!.client, toService('chat', 'all'))).toMatchObject({ type: 'OK' });
    for (const { client } of [ada!, bob!]) {
      const message = await client.hear();
      strict(message);
      expect(message).toEqual({
        type: 'MESSAGE',
        origin: {
          name: 'owner',
          uuid: owner!.uuid,
          tags: [],
          service: { name: 'chat', nickname: 'Chat', owner_uuid: owner!.uuid, subscribers: [ada!.uuid, bob!.uuid, owner!.uuid] },
        },
        target: { type: 'SERVICE', service: 'chat' },
        data: 'all',
      });
    }
    expect(await ask(ada!.client, toService('chat', 'up'))).toMatchObject({ type: 'OK' });
    expect(await owner!.client.hear()).toMatchObject({ type: 'MESSAGE', data: 'up', origin: { name: 'ada' } });
    expect(await ask(cy!.client, toService('chat'))).toMatchObject({ seq: 0, type: 'BAD' });
    expect(await heard(owner!, ada!, bob!, cy!)).toEqual([[], [], [], []]);
  });

  it('concierge §9.17 SERVICE_CLIENT_UUID reaches one client, subscribed or not; from anybody but the owner it is BAD', async () => {
    await using place = await openPlace();
    const { owner, ada, cy } = await withService(place, 'ada');
    const target = { type: 'SERVICE_CLIENT_UUID', service: 'chat', uuid: cy!.uuid.replaceAll('-', '').toUpperCase() };
    expect(await ask(owner!.client, { type: 'MESSAGE', target, data: 1 })).toMatchObject({ type: 'OK' });
    expect(await cy!.client.hear()).toMatchObject({
      target: { type: 'SERVICE_CLIENT_UUID', uuid: cy!.uuid },
      origin: { service: {} },
    });
    expect(await ask(ada!.client, { type: 'MESSAGE', target, data: 1 })).toMatchObject({ type: 'BAD' });
    const nobody = { ...target, uuid: '00000000-0000-4000-8000-000000000000' };
    expect(await ask(owner!.client, { type: 'MESSAGE', target: nobody, data: 1 })).toMatchObject({
      type: 'INVALID_UUID',
      uuid: nobody.uuid,
    });
    expect(await ask(ada!.client, { type: 'MESSAGE', target: nobody, data: 1 })).toMatchObject({ type: 'BAD' });
    const none = { ...target, service: 'none' };
    expect(await ask(ada!.client, { type: 'MESSAGE', target: none, data: 1 })).toMatchObject({
      type: 'INVALID_SERVICE',
      service: 'none',
    });
  });

  it('concierge §9.18 ALL reaches the sender too, before its OK', async () => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    ada.client.say({ type: 'MESSAGE', target: { type: 'ALL' }, data: [] });
    const [message, ok] = await ada.client.hearAll(2);
    expect([message!.type, ok!.type]).toEqual(['MESSAGE', 'OK']);
    expect(message!.origin).toEqual({ name: 'ada', uuid: ada.uuid, tags: [] });
    expect((await bob.client.hear()).type).toBe('MESSAGE');
  });

  it.each([
    ['a float', '1.0'],
    ['64 bits', '9007199254740993'],
    ['the order of keys', '{"2":1,"1":2,"b":3,"a":4}'],
    ['one key twice', '{"a":1,"a":2}'],
    ['blanks', '{ "a" :\t[ 1 , 2 ] }'],
    ['escapes', '"\\u00e9\\/\\"\\\\"'],
    ['brackets in texts', '{"a":"}]\\\\","b":["{\\"",{}]}'],
    ['null', 'null'],
    ['a name', '{"__proto__":{"x":1}}'],
    ['exponents', '-1.50E+10'],
    ['emoji', '"\u{1f600}"'],
  ])('concierge §9.19 data goes through as it was written (%s), without the sender’s seq and origin', async (_what, data) => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    const target = `{"type":"NAME","name":"ada"}`;
    const frames = [
      `{"type":"MESSAGE","target":${target},"data":${data}}`,
      ` { "data" : ${data} , "seq":77,"origin":{"name":"eve","uuid":5}, "type" : "MESSAGE" ,"target":${target} } `,
      `{"type":"MESSAGE","d\\u0061ta":${data},"target":${target},"x":{"data":5}}`,
    ];
    for (const frame of frames) {
      ada.client.say(frame);
      const text = await ada.client.hearText();
      expect(text).toBe(
        `{"type":"MESSAGE","origin":{"name":"ada","uuid":"${ada.uuid}","tags":[]},"target":${target},"data":${data}}`,
      );
      expect((await ada.client.hear()).type).toBe('OK');
    }
  });

  it('concierge §9.20 a chat line is seen by two viewers, marked by its author; /about answers only its asker', async () => {
    await using place = await openPlace();
    const { owner: chat, ada, bob, cy } = await withService(place, 'owner', 'ada', 'bob');
    await ask(ada!.client, toService('chat', { type: 'INPUT', text: 'hello' }));
    const { origin } = (await chat!.client.hear()) as unknown as { origin: { uuid: string; name: string } };
    await ask(chat!.client, toService('chat', { type: 'TEXT', author: origin.name, author_uuid: origin.uuid, text: 'hello' }));
    for (const { client, uuid } of [ada!, bob!]) {
      const { data } = (await client.hear()) as unknown as { data: { author_uuid: string } };
      expect(data.author_uuid === uuid).toBe(uuid === ada!.uuid);
    }
    const target = { type: 'SERVICE_CLIENT_UUID', service: 'chat', uuid: origin.uuid };
    await ask(chat!.client, { type: 'MESSAGE', target, data: { type: 'TEXT', text: 'about' } });
    expect(await heard(ada!, bob!, cy!, chat!)).toMatchObject([[{ data: { text: 'about' } }], [], [], []]);
  });

  it('concierge §9.21 a viewer that closes is told once to the subscribers of what it had subscribed, and to nobody else', async () => {
    await using place = await openPlace();
    const { owner: chat, ada, bob, cy } = await withService(place, 'owner', 'ada');
    await bob!.client.leave();
    await until(() => place.door.clients().length === 3);
    expect((await heard(chat!)).map(types)).toEqual([['CLIENT_LEFT']]);
    await ada!.client.leave(1001);
    await until(() => place.door.clients().length === 2);
    const [ofChat, ofCy] = await heard(chat!, cy!);
    expect(types(ofChat!)).toEqual(['SERVICE_CLIENT_UNSUBSCRIBED', 'CLIENT_LEFT']);
    expect(ofChat![0]).toMatchObject({ client: { name: 'ada' }, service: { name: 'chat', subscribers: [chat!.uuid] } });
    expect(types(ofCy!)).toEqual(['CLIENT_LEFT', 'CLIENT_LEFT']);
  });

  it('concierge §9.22 a service that stops is told as deleted, its name is free at once, and its subscribers may come again', async () => {
    await using place = await openPlace();
    const { owner: chat, ada } = await withService(place, 'owner', 'ada');
    chat!.client.socket.destroy();
    const deleted = await ada!.client.hear();
    expect(deleted).toMatchObject({
      type: 'SERVICE_DELETE_RESULT',
      service: { name: 'chat', subscribers: [chat!.uuid, ada!.uuid] },
    });
    expect(deleted).not.toHaveProperty('successful');
    expect(types([await ada!.client.hear()])).toEqual(['CLIENT_LEFT']);
    expect(await ask(ada!.client, { type: 'SELF_FETCH' })).toMatchObject({ subscriptions: [] });
    const { client: again } = await enter(place.port, 'owner', {}, 'python');
    expect(await ask(again, { type: 'SERVICE_CREATE', service: 'chat' })).toMatchObject({ successful: true });
    await ada!.client.hearAll(2);
    const [result] = [await ask(ada!.client, { type: 'SELF_SUBSCRIBE', service: 'chat' })];
    expect(result).toMatchObject({ successful: true, service: { subscribers: [ada!.uuid] } });
    await again.leave();
  });

  it('concierge §9.23 a service that speaks without end is answered every time, heard in order, and nothing piles up', async () => {
    await using place = await openPlace();
    const { owner, ada, bob, cy } = await withService(place, 'ada', 'bob', 'cy');
    const rounds = 60;
    const batch = 20;
    const dump = 'o'.repeat(2_500);
    let next = 0;
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < batch; i++) owner!.client.say(toService('chat', { n: round * batch + i, dump }));
      const answers = await owner!.client.hearAll(batch);
      expect(answers.map(({ seq, type }) => [seq, type])).toEqual(Array.from({ length: batch }, (_, i) => [1 + next + i, 'OK']));
      for (const { client } of [ada!, bob!, cy!]) {
        const all = await client.hearAll(batch);
        expect(all.map(({ data }) => (data as { n: number }).n)).toEqual(Array.from({ length: batch }, (_, i) => next + i));
        client.forget();
      }
      next += batch;
      await place.clock.advance(155);
    }
    expect(place.door.status().figures).toMatchObject({ messages: rounds * batch, messages_dropped: 0, slow_clients_closed: 0 });
  });

  it('concierge §9.30 a subscriber that stops reading is cut at the bound of its queue; others are not', async () => {
    await using place = await openPlace({ limits: { queueBytes: 300_000, bytesPerSecond: 0, framesPerSecond: 0 } });
    const { owner, ada, bob } = await withService(place, 'ada', 'bob');
    ada!.client.socket.pause();
    const dump = 'o'.repeat(100_000);
    let sent = 0;
    while (place.door.clients().some(({ name }) => name === 'ada')) {
      await ask(owner!.client, toService('chat', dump));
      expect((await bob!.client.hear()).type).toBe('MESSAGE');
      // The system's own buffers take some megabytes before anything piles up here.
      expect(++sent).toBeLessThan(500);
    }
    expect(place.door.status().figures).toMatchObject({ slow_clients_closed: 1 });
    expect((await heard(bob!)).map(types)).toEqual([['SERVICE_CLIENT_UNSUBSCRIBED', 'CLIENT_LEFT']]);
    ada!.client.socket.resume();
    expect([4010, 1006]).toContain((await ada!.client.closed()).code);
  });

  it('with the policy to drop, a subscriber that stops reading misses the oldest messages but no event', async () => {
    await using place = await openPlace({
      limits: { queueBytes: 300_000, bytesPerSecond: 0, framesPerSecond: 0 },
      door: { queuePolicy: 'drop-oldest' },
    });
    const { owner, ada, bob } = await withService(place, 'ada');
    ada!.client.socket.pause();
    const dropped = (): number => place.door.status().figures?.messages_dropped ?? 0;
    let sent = 0;
    for (; dropped() === 0; sent++) await ask(owner!.client, toService('chat', { n: sent, dump: 'o'.repeat(100_000) }));
    await bob!.client.leave();
    await until(() => place.door.clients().length === 3);
    await ask(owner!.client, { type: 'SERVICE_DELETE', service: 'chat' });
    ada!.client.socket.resume();
    const numbers: number[] = [];
    for (;;) {
      const payload = await ada!.client.hear();
      if (payload.type === 'SERVICE_DELETE_RESULT') break;
      numbers.push(payload.type === 'MESSAGE' ? (payload.data as { n: number }).n : -1);
    }
    expect(numbers, 'the departure of bob was heard').toContain(-1);
    const kept = numbers.filter((n) => n >= 0);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept.at(-1), 'the newest is there').toBe(sent - 1);
    expect(kept.length).toBe(sent - dropped());
  });

  it('concierge §9.32 a stranger may not delete; unknown types and a second IDENTIFY are unsupported; all with a number', async () => {
    await using place = await openPlace();
    const { owner, ada } = await withService(place);
    expect(await ask(ada!.client, { type: 'SERVICE_DELETE', service: 'chat' })).toEqual({ seq: 0, type: 'BAD' });
    expect(await ask(ada!.client, { type: 'GROUP_CREATE' })).toEqual({ seq: 1, type: 'ERROR_UNSUPPORTED' });
    expect(await ask(ada!.client, { type: 'toString' })).toEqual({ seq: 2, type: 'ERROR_UNSUPPORTED' });
    expect(await ask(ada!.client, { type: 'IDENTIFY', name: 'x', version: '0.2.0' })).toEqual({
      seq: 3,
      type: 'ERROR_UNSUPPORTED',
    });
    expect(await ask(ada!.client, { type: 'SERVICE_DELETE', service: 'none' })).toEqual({
      seq: 4,
      type: 'INVALID_SERVICE',
      service: 'none',
    });
    owner!.client.say({ type: 'SERVICE_DELETE', service: 'chat' });
    const [told, answered] = await owner!.client.hearAll(2);
    expect(told).not.toHaveProperty('seq');
    expect(answered).toEqual({ seq: 1, ...told });
  });

  it('concierge §9.33 __proto__ and constructor are names like others for clients and services', async () => {
    await using place = await openPlace();
    const watcher = await enter(place.port, 'watcher');
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      const { client, uuid } = await enter(place.port, name);
      expect(await watcher.client.hear()).toMatchObject({ type: 'CLIENT_JOINED' });
      expect(await ask(client, { type: 'SERVICE_FETCH', service: name })).toEqual({
        seq: 0,
        type: 'INVALID_SERVICE',
        service: name,
      });
      client.say(`{"type":"SERVICE_CREATE","service":"${name}"}`);
      expect(await client.hearAll(2)).toMatchObject([{ service: { name } }, { seq: 1, successful: true }]);
      await watcher.client.hear();
      expect(await ask(watcher.client, { type: 'MESSAGE', target: { type: 'NAME', name }, data: 1 })).toMatchObject({
        type: 'OK',
      });
      expect(await client.hear()).toMatchObject({ type: 'MESSAGE', origin: { name: 'watcher' } });
      expect(await ask(client, { type: 'CLIENT_FETCH', uuid })).toMatchObject({ client: { name, uuid } });
    }
    const { client: stranger } = await enter(place.port, 'stranger');
    const answer = await ask(stranger, { type: 'MESSAGE', target: { type: 'NAME', name: 'toString' }, data: 1 });
    expect(answer).toMatchObject({ type: 'INVALID_NAME', name: 'toString' });
  });

  it('the order of leaving: services, subscriptions, the client', async () => {
    await using place = await openPlace();
    const { owner, ada, bob } = await withService(place, 'ada', 'bob');
    await ask(ada!.client, { type: 'SERVICE_CREATE', service: 'sky' });
    for (const { client } of [ada!, owner!, bob!]) await client.hear();
    await ada!.client.leave();
    await until(() => place.door.clients().length === 3);
    expect((await heard(bob!)).map(types)).toEqual([['SERVICE_DELETE_RESULT', 'SERVICE_CLIENT_UNSUBSCRIBED', 'CLIENT_LEFT']]);
  });

  it.each([
    ['not JSON', 'nonsense', 'not JSON'],
    ['NaN', '{"type":"MESSAGE","target":{"type":"ALL"},"data":NaN}', 'not JSON'],
    ['two documents', '{"type":"SELF_FETCH"}{"type":"SELF_FETCH"}', 'not JSON'],
    ['an array', '["SELF_FETCH"]', 'not an object'],
    ['no type', '{}', 'missing field: type'],
    ['a type that is none', '{"type":null}', 'type must be string'],
    ['no service', '{"type":"SERVICE_DELETE"}', 'missing field: service'],
    ['a service of the wrong type', '{"type":"SERVICE_FETCH","service":5}', null],
    ['an empty service', '{"type":"SERVICE_CREATE","service":""}', null],
    ['a service of 257 bytes', `{"type":"SERVICE_CREATE","service":"${'é'.repeat(129)}"}`, null],
    ['half a character', '{"type":"SERVICE_CREATE","service":"\\ud800"}', null],
    ['no data', '{"type":"MESSAGE","target":{"type":"ALL"}}', 'missing field: data'],
    ['no target', '{"type":"MESSAGE","data":1}', 'missing field: target'],
    ['an unknown target', '{"type":"MESSAGE","target":{"type":"GROUP"},"data":1}', null],
    ['a target that is none', '{"type":"MESSAGE","target":null,"data":1}', null],
    ['a malformed UUID', '{"type":"MESSAGE","target":{"type":"UUID","uuid":"x"},"data":1}', null],
    ['a malformed UUID to fetch', '{"type":"CLIENT_FETCH","uuid":"5d1c"}', null],
    [
      'data nested without end',
      `{"type":"MESSAGE","target":{"type":"ALL"},"data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      null,
    ],
  ])('ERROR_PROTOCOL with words that strict clients can borrow: %s', async (_what, text, desc) => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    ada.client.say(text);
    const raw = await ada.client.hearText();
    const answer = JSON.parse(raw) as Json;
    expect(answer).toMatchObject({ seq: 0, type: 'ERROR_PROTOCOL', desc: desc ?? expect.any(String) });
    expect(raw, 'no escape in the words').not.toContain('\\');
    expect(await heard(bob)).toEqual([[]]);
  });

  it('old names are understood and never said', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    ada.client.say({ type: 'CREATE_SERVICE', name: 'old', nickname: null });
    expect((await ada.client.hearAll(2)).map(({ type }) => type)).toEqual(['SERVICE_CREATE_RESULT', 'SERVICE_CREATE_RESULT']);
    ada.client.say({ type: 'MESSAGE', target: { type: 'SERVICE', name: 'old' }, data: 1 });
    expect(await ada.client.hear()).toMatchObject({ type: 'OK' });
    ada.client.say({ type: 'SELF_SUBSCRIBE', name: 'old' });
    expect((await ada.client.hearAll(2))[0]).toMatchObject({ type: 'SELF_SUBSCRIBE_RESULT', service: { name: 'old' } });
    ada.client.say({ type: 'DELETE_SERVICE', name: 'old' });
    expect((await ada.client.hearAll(2))[1]).toMatchObject({ type: 'SERVICE_DELETE_RESULT' });
  });
});
