import { describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { ask, enter, enterAll, manners, strict } from './lib/clients.ts';
import { openPlace } from './lib/place.ts';
import { WireClient } from './lib/wire-client.ts';

const identify = (name: string, more: object = {}): object => ({ type: 'IDENTIFY', name, version: '0.2.0', ...more });
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('concierge: transport and identification', () => {
  it('concierge §9.1 a client that offers thirteen letters, some of them twice, connects', async () => {
    await using place = await openPlace();
    const { client } = await enter(place.port, 'chat_service', { nickname: 'Chat', tags: ['service', 'chat'] }, 'python');
    expect(client.status).toBe(101);
    expect(client.header('sec-websocket-protocol')).toBeNull();
    await client[Symbol.asyncDispose]();
  });

  it('concierge §9.2 a browser sees its sub-protocol echoed; a client without one gets no such header', async () => {
    await using place = await openPlace();
    await using browser = await WireClient.open(place.port, manners.browser);
    expect(browser.header('sec-websocket-protocol')).toBe('ert-concierge');
    await using mixed = await WireClient.open(place.port, { protocols: 'chat , ert-concierge,x' });
    expect(mixed.header('sec-websocket-protocol')).toBe('ert-concierge');
    await using rust = await WireClient.open(place.port, manners.rust);
    expect(rust.header('sec-websocket-protocol')).toBeNull();
    expect(rust.header('sec-websocket-extensions')).toBeNull();
    const standard = new WebSocket(`ws://127.0.0.1:${place.port}/ws`, 'ert-concierge');
    await new Promise((resolve, reject) => {
      standard.addEventListener('open', resolve);
      standard.addEventListener('error', reject);
    });
    expect(standard.protocol).toBe('ert-concierge');
    standard.close();
  });

  it.each(['browser', 'python', 'rust'] as const)(
    'concierge §9.3 the first frame for a %s client is a text HELLO',
    async (manner) => {
      await using place = await openPlace();
      await using client = await WireClient.open(place.port, manners[manner]);
      client.say(identify('ada'));
      const hello = await client.hear();
      expect(client.frames[0]).toMatchObject({ opcode: 1, fin: true });
      expect(hello).toMatchObject({ type: 'HELLO', version: '0.2.0', uuid: expect.stringMatching(uuidPattern) });
      expect(hello).not.toHaveProperty('seq');
    },
  );

  it('concierge §9.4 silence is closed with 4004 after 5 s; IDENTIFY at 4.5 s is accepted', async () => {
    await using place = await openPlace();
    await using silent = await WireClient.open(place.port);
    await using late = await WireClient.open(place.port);
    await until(() => place.door.status().connections === 2);
    await place.clock.advance(4_500);
    late.say(identify('late'));
    expect((await late.hear()).type).toBe('HELLO');
    await place.clock.advance(499);
    expect(silent.frames).toEqual([]);
    await place.clock.advance(1);
    expect((await silent.closed()).code).toBe(4004);
    expect(
      silent.frames.map(({ opcode }) => opcode),
      'not even a Ping before',
    ).toEqual([8]);
    expect(await ask(late, { type: 'SELF_SET_SEQ', seq: 1 })).toEqual({ seq: 1, type: 'OK' });
  });

  it('concierge §9.5 names and versions that do not fit get their code, and the holder of a name is undisturbed', async () => {
    await using place = await openPlace();
    const { client: holder } = await enter(place.port, 'ada');
    async function codeOf(fields: object): Promise<number> {
      await using client = await WireClient.open(place.port);
      client.say(identify('x', fields));
      return (await client.closed()).code;
    }
    for (const name of ['bad-name', '', 'a b', 'a.b', 'é!', 'x'.repeat(129)]) expect(await codeOf({ name }), name).toBe(4008);
    expect(await codeOf({ name: 'ada' })).toBe(4005);
    const wrong = ['0.1.0', '0.3.0', '0.2.1-rc.1', 'abc', '', 'v0.2.0', '0.2', '00.2.0', '1.2.0', '0.2.0.1'];
    for (const version of wrong) expect(await codeOf({ version }), version).toBe(4007);
    for (const version of ['0.2.0', '0.2.9', '0.2.3+build-5']) {
      const { client } = await enter(place.port, `v_${version.replaceAll(/\W/g, '_')}`, { version });
      expect((await holder.hear()).type).toBe('CLIENT_JOINED');
      await client.leave();
      expect((await holder.hear()).type).toBe('CLIENT_LEFT');
    }
    for (const name of ['Ada', 'ÀÉ_9', '名前', '٣', 'Ⅷ', 'x'.repeat(128)]) {
      const { client } = await enter(place.port, name);
      expect((await holder.hear()).client).toMatchObject({ name });
      await client.leave();
      await holder.hear();
    }
    expect(await ask(holder, { type: 'SELF_SET_SEQ', seq: 0 })).toEqual({ seq: 0, type: 'OK' });
    await holder.leave();
  });

  it.each([
    ['SELF_FETCH', '{"type":"SELF_FETCH"}', 4003],
    ['MESSAGE', '{"type":"MESSAGE","target":{"type":"ALL"},"data":1}', 4003],
    ['an unknown type', '{"type":"HELLO_THERE"}', 4003],
    ['a constructor', '{"type":"constructor"}', 4003],
    ['half an object', '{', 4002],
    ['no object', '[{"type":"IDENTIFY"}]', 4002],
    ['a number', '17', 4002],
    ['null', 'null', 4002],
    ['nothing', '', 4002],
    ['no type', '{"name":"ada","version":"0.2.0"}', 4002],
    ['a type that is none', '{"type":5}', 4002],
    ['an inherited type', '{"__proto__":{"type":"IDENTIFY"}}', 4002],
    ['no name', '{"type":"IDENTIFY","version":"0.2.0"}', 4002],
    ['a name of the wrong type', '{"type":"IDENTIFY","name":["ada"],"version":"0.2.0"}', 4002],
    ['no version', '{"type":"IDENTIFY","name":"ada"}', 4002],
    ['tags of the wrong type', '{"type":"IDENTIFY","name":"ada","version":"0.2.0","tags":[1]}', 4002],
    ['too many tags', `{"type":"IDENTIFY","name":"ada","version":"0.2.0","tags":${JSON.stringify(Array(33).fill('t'))}}`, 4002],
    ['a nickname of 257', `{"type":"IDENTIFY","name":"ada","version":"0.2.0","nickname":"${'n'.repeat(257)}"}`, 4002],
    ['two documents', '{"type":"IDENTIFY","name":"ada","version":"0.2.0"}{"type":"SELF_FETCH"}', 4002],
    [
      'too much before it is known whose it is',
      `{"type":"IDENTIFY","name":"ada","version":"0.2.0","x":"${'y'.repeat(65_536)}"}`,
      4002,
    ],
  ])('concierge §9.6 %s first is closed with its code, and the server survives', async (_what, text, code) => {
    await using place = await openPlace();
    await using client = await WireClient.open(place.port);
    client.say(text);
    // Whatever is said after the decision is not heard any more.
    client.say(identify('ada'));
    const closed = await client.closed();
    expect(closed.code).toBe(code);
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
    const { client: next } = await enter(place.port, 'next');
    await next.leave();
    expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('binary before IDENTIFY is 4003; Pings are answered before it', async () => {
    await using place = await openPlace();
    await using client = await WireClient.open(place.port);
    client.frame(0x9, Buffer.from('early'));
    await until(() => client.frames.length > 0);
    expect(client.frames[0]).toMatchObject({ opcode: 0xa, payload: Buffer.from('early') });
    client.frame(0x2, Buffer.from([1, 2]));
    expect((await client.closed()).code).toBe(4003);
  });

  it('concierge §9.7 null secret, absent tags, escaped nickname and unknown fields are accepted', async () => {
    await using place = await openPlace();
    await using client = await WireClient.open(place.port);
    client.say(
      '  {"type":"IDENTIFY","name":"a\\u00e9","version":"0.2.0","secret":null,"nickname":"\\u00e9","tags":null,"x":{}} \n',
    );
    await client.hear();
    expect(await ask(client, { type: 'SELF_FETCH' })).toMatchObject({ client: { name: 'aé', nickname: 'é', tags: [] } });
    await using other = await WireClient.open(place.port);
    other.say(identify('b', { nickname: null, secret: 'ignored' }));
    await other.hear();
    const fetched = await ask(other, { type: 'SELF_FETCH' });
    strict(fetched);
    expect(fetched.client, 'absent, not null').not.toHaveProperty('nickname');
  });

  it('concierge §9.8 the old ones see a newcomer join, the newcomer does not; its list of clients has itself', async () => {
    await using place = await openPlace();
    const { client: ada } = await enter(place.port, 'ada');
    const { client: bob, uuid } = await enter(place.port, 'bob', { nickname: 'Bob', tags: ['t'] });
    expect(await ada.hear()).toEqual({ type: 'CLIENT_JOINED', client: { name: 'bob', nickname: 'Bob', uuid, tags: ['t'] } });
    const all = await ask(bob, { type: 'CLIENT_FETCH_ALL' });
    expect(all.seq).toBe(0);
    expect((all.clients as { name: string }[]).map(({ name }) => name)).toEqual(['ada', 'bob']);
    await Promise.all([ada.leave(), bob.leave()]);
  });

  it('concierge §9.9 the first payload has number 0, ten pipelined ones 0 to 9 in order', async () => {
    await using place = await openPlace();
    await using client = await WireClient.open(place.port);
    client.say(identify('ada'));
    for (let i = 0; i < 10; i++) client.say({ type: 'SERVICE_FETCH', service: `s${i}` });
    const heard = await client.hearAll(11);
    expect(heard.map(({ type, seq, service }) => [type, seq, service])).toEqual([
      ['HELLO', undefined, undefined],
      ...Array.from({ length: 10 }, (_, i) => ['INVALID_SERVICE', i, `s${i}`]),
    ]);
  });

  it('concierge §9.10 a malformed frame consumes a number, a binary frame and a Ping do not', async () => {
    await using place = await openPlace();
    const { client } = await enter(place.port, 'ada');
    client.say('{');
    client.frame(0x2, Buffer.from('{"type":"SELF_FETCH"}'));
    client.frame(0x9, Buffer.from('p'));
    client.say({ type: 'SELF_FETCH' });
    expect(await client.hear()).toMatchObject({ seq: 0, type: 'ERROR_PROTOCOL', desc: expect.any(String) });
    expect(await client.hear()).toMatchObject({ seq: 1, type: 'SELF_FETCH_RESULT' });
    await client.leave();
  });

  it('concierge §9.11 SELF_SET_SEQ is answered with its own number, the next frame has one more', async () => {
    await using place = await openPlace();
    const { client } = await enter(place.port, 'ada');
    expect(await ask(client, { type: 'SELF_SET_SEQ', seq: 41 })).toEqual({ seq: 41, type: 'OK' });
    expect(await ask(client, { type: 'HELLO' })).toEqual({ seq: 42, type: 'ERROR_UNSUPPORTED' });
    for (const seq of [-1, 1.5, '3', null, 2 ** 53]) {
      const answer = await ask(client, { type: 'SELF_SET_SEQ', seq });
      expect(answer.type).toBe('ERROR_PROTOCOL');
    }
    expect(await ask(client, { type: 'SELF_SET_SEQ', seq: 2 ** 53 - 2 })).toEqual({ seq: 2 ** 53 - 2, type: 'OK' });
    await client.leave();
  });

  it('concierge §9.29 a client that answers no Ping is gone after 10 to 15 s; one that only answers Pings stays', async () => {
    await using place = await openPlace();
    const { deaf, good, watcher } = await enterAll(place.port, 'deaf', 'good', 'watcher');
    deaf.client.pongs = false;
    const beats = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const pings = [good, watcher].map(({ client }) => client.frames.filter(({ opcode }) => opcode === 9).length);
        await place.clock.advance(5_000);
        const seen = (): boolean =>
          [good, watcher].every(({ client }, at) => client.frames.filter(({ opcode }) => opcode === 9).length > pings[at]!);
        await until(seen);
        // The Pong must have been taken before time goes on: its sender's next answer tells.
        for (const { client } of [good, watcher]) {
          client.say({ type: 'SELF_SET_SEQ', seq: 0 });
          while ((await client.hear()).type !== 'OK');
        }
      }
    };
    // Text frames are no sign of life (T4).
    deaf.client.say({ type: 'SERVICE_CREATE', service: 'sky' });
    expect((await watcher.client.hear()).type).toBe('SERVICE_CREATE_RESULT');
    await beats(2);
    expect(place.door.clients()).toHaveLength(3);
    await place.clock.advance(5_000);
    expect((await deaf.client.closed()).code).toBe(4009);
    expect((await watcher.client.hear()).type).toBe('SERVICE_DELETE_RESULT');
    expect(await watcher.client.hear()).toMatchObject({ type: 'CLIENT_LEFT', client: { name: 'deaf' } });
    await beats(20);
    expect(place.door.clients().map(({ name }) => name)).toEqual(['good', 'watcher']);
  });

  it('a name held by a dead connection is free within 2 s', async () => {
    await using place = await openPlace();
    const { client: ghost } = await enter(place.port, 'ada');
    ghost.pongs = false;
    await place.clock.advance(4_000);
    await using next = await WireClient.open(place.port);
    next.say(identify('ada'));
    next.say({ type: 'SELF_FETCH' });
    await until(() => ghost.frames.some(({ opcode }) => opcode === 9));
    expect(next.frames).toEqual([]);
    await place.clock.advance(1_500);
    expect((await next.hear()).type).toBe('HELLO');
    expect(await next.hear()).toMatchObject({ seq: 0, client: { name: 'ada' } });
    expect((await ghost.closed()).code).toBe(4009);
  });

  it('a name held by a living connection that has been quiet is not', async () => {
    await using place = await openPlace();
    const { client: holder } = await enter(place.port, 'ada');
    await place.clock.advance(4_000);
    await using next = await WireClient.open(place.port);
    next.say(identify('ada'));
    expect((await next.closed()).code).toBe(4005);
    expect(await ask(holder, { type: 'SELF_SET_SEQ', seq: 7 })).toEqual({ seq: 7, type: 'OK' });
    await holder.leave();
  });

  it('concierge §9.31 60 KiB pass, also in fragments; over the limit is 1009, others unaffected', async () => {
    await using place = await openPlace({ limits: { messageBytes: 100_000 } });
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    const data = 'x'.repeat(60 * 1024);
    const message = (text: string): Buffer =>
      Buffer.from(JSON.stringify({ type: 'MESSAGE', target: { type: 'NAME', name: 'bob' }, data: text }));
    ada.client.frame(0x1, message(data));
    expect((await bob.client.hear()).data).toBe(data);
    const bytes = message('fragmented');
    ada.client.frame(0x1, bytes.subarray(0, 10), false);
    ada.client.frame(0x9, Buffer.alloc(0));
    ada.client.frame(0x0, bytes.subarray(10, 11), false);
    ada.client.frame(0x0, bytes.subarray(11), true);
    expect((await bob.client.hear()).data).toBe('fragmented');
    const exact = message('');
    ada.client.frame(0x1, Buffer.concat([exact.subarray(0, -1), Buffer.alloc(100_000 - exact.length, 0x20), exact.subarray(-1)]));
    expect((await bob.client.hear()).data).toBe('');
    ada.client.frame(0x1, Buffer.concat([exact.subarray(0, -1), Buffer.alloc(100_001 - exact.length, 0x20), exact.subarray(-1)]));
    expect((await ada.client.closed()).code).toBe(1009);
    expect(await bob.client.hear()).toMatchObject({ type: 'CLIENT_LEFT' });
    expect(await ask(bob.client, { type: 'SELF_SET_SEQ', seq: 1 })).toEqual({ seq: 1, type: 'OK' });
  });

  it.each([
    ['a text that is not UTF-8', 0x1, Buffer.from([0x22, 0xff, 0x22]), 1007],
    ['an opcode that does not exist', 0x3, Buffer.from('x'), 1002],
    ['a continuation of nothing', 0x0, Buffer.from('x'), 1002],
  ])('%s closes that connection only', async (_what, opcode, payload, code) => {
    await using place = await openPlace();
    const { bad, good } = await enterAll(place.port, 'bad', 'good');
    bad.client.frame(opcode, payload);
    expect((await bad.client.closed()).code).toBe(code);
    expect(await good.client.hear()).toMatchObject({ type: 'CLIENT_LEFT', client: { name: 'bad' } });
    expect(await ask(good.client, { type: 'SELF_SET_SEQ', seq: 3 })).toEqual({ seq: 3, type: 'OK' });
  });

  it('concierge §9.28 a stop closes everybody with 1001, and the same names come back to the next server', async () => {
    const first = await openPlace();
    const { client } = await enter(first.port, 'viewer', {}, 'browser');
    const closing = first.close();
    expect((await client.closed()).code).toBe(1001);
    await closing;
    await using second = await openPlace({ seed: 99 });
    const { client: again, uuid } = await enter(second.port, 'viewer', {}, 'browser');
    expect(uuid).toMatch(uuidPattern);
    expect(await ask(again, { type: 'SERVICE_CREATE', service: 'chat' })).toMatchObject({ successful: true });
    await again.leave();
  });

  it('GET /ws without an upgrade is 400; the own port has a front page', async () => {
    await using place = await openPlace({ door: { port: 0 } });
    expect((await fetch(`http://127.0.0.1:${place.port}/ws`)).status).toBe(400);
    const front = await fetch(`http://127.0.0.1:${place.ownPort}/`);
    expect(front.status).toBe(200);
    expect(await front.text()).toContain('0.2.0');
    expect((await fetch(`http://127.0.0.1:${place.port}/`)).status).toBe(404);
    const { client } = await enter(place.ownPort ?? 0, 'ada');
    await client.leave();
  });
});
