import { describe, expect, it } from 'vitest';
import { conciergeDefaults } from '../../src/doors/concierge/door.ts';
import { createPolicy } from '../../src/doors/concierge/policy.ts';
import type { FirstFrame } from '../../src/doors/kit/first-frames.ts';
import { until } from '../lib/until.ts';
import { ask, enter, enterAll, manners } from './lib/clients.ts';
import { openPlace } from './lib/place.ts';
import { WireClient } from './lib/wire-client.ts';

const identify = (name: string, more: object = {}): object => ({ type: 'IDENTIFY', name, version: '0.2.0', ...more });

async function codeOf(port: number, what: object): Promise<number> {
  await using client = await WireClient.open(port);
  client.say(what);
  return (await client.closed()).code;
}

describe('concierge: who may do what', () => {
  it('a secret is asked for, before the version is looked at and after the name', async () => {
    await using place = await openPlace({ door: { secret: 'open sesame' } });
    const { client } = await enter(place.port, 'ada', { secret: 'open sesame' });
    for (const secret of [undefined, null, '', 'open sesame ', 'Open sesame']) {
      expect(await codeOf(place.port, identify('bob', { secret, version: 'abc' }))).toBe(4006);
    }
    expect(await codeOf(place.port, identify('b-b', { secret: 'wrong' }))).toBe(4008);
    expect(await codeOf(place.port, identify('bob', { secret: 'open sesame', version: 'abc' }))).toBe(4007);
    expect(await codeOf(place.port, identify('ada', { secret: 'wrong' })), 'a taken name is not told to strangers').toBe(4006);
    await client.leave();
  });

  it('exempt addresses need not give it, and are not trusted for that', async () => {
    await using place = await openPlace({
      door: { secret: 's', secretExempt: ['127.0.0.0/8'], trusted: [], trustedOnly: ['create', 'all'], reserved: ['chat'] },
    });
    const { client: guest } = await enter(place.port, 'guest');
    expect(await ask(guest, { type: 'SERVICE_CREATE', service: 'x' })).toEqual({ seq: 0, type: 'BAD' });
    expect(await ask(guest, { type: 'MESSAGE', target: { type: 'ALL' }, data: 1 })).toEqual({ seq: 1, type: 'BAD' });
    expect(await codeOf(place.port, identify('chat'))).toBe(4006);
    const { client: chat } = await enter(place.port, 'chat', { secret: 's' });
    expect(await ask(chat, { type: 'SERVICE_CREATE', service: 'chat' })).toMatchObject({ successful: true });
    await Promise.all([guest.leave(), chat.leave()]);
  });

  it.each(['create', 'subscribe', 'name', 'uuid', 'service', 'service-client', 'all'] as const)(
    '%s can be kept for the trusted',
    (action) => {
      const policy = createPolicy({ ...conciergeDefaults, trusted: ['10.0.0.0/8'], trustedOnly: [action] });
      expect([policy.trusts('10.1.2.3', false), policy.trusts('11.1.2.3', false), policy.trusts('11.1.2.3', true)]).toEqual([
        true,
        false,
        true,
      ]);
      expect([policy.may(action, false), policy.may(action, true)]).toEqual([false, true]);
      expect(policy.may(action === 'all' ? 'name' : 'all', false)).toBe(true);
    },
  );

  it('a reserved service is not created by others', async () => {
    await using place = await openPlace({ door: { trusted: [], reserved: ['chat'] } });
    const { client } = await enter(place.port, 'ada');
    expect(await ask(client, { type: 'SERVICE_CREATE', service: 'chat' })).toEqual({ seq: 0, type: 'BAD' });
    await client.leave();
  });

  it('pages of other origins are let in, unless there is a list', async () => {
    const from = async (port: number, origin: string | null): Promise<number> => {
      await using client = await WireClient.open(port, origin === null ? {} : { headers: { Origin: origin } });
      return client.status;
    };
    await using open = await openPlace();
    expect(await from(open.port, 'http://anywhere.example')).toBe(101);
    await using listed = await openPlace({ door: { origins: ['http://viewer.example'] } });
    expect(await from(listed.port, 'http://anywhere.example')).toBe(403);
    expect(await from(listed.port, 'http://viewer.example')).toBe(101);
    expect(await from(listed.port, `http://127.0.0.1:${listed.port}`)).toBe(101);
    expect(await from(listed.port, null)).toBe(101);
  });

  it('sockets are counted, in all and per address', async () => {
    await using place = await openPlace({ limits: { clientsPerAddress: 2 } });
    await using first = await WireClient.open(place.port);
    await using second = await WireClient.open(place.port);
    await using third = await WireClient.open(place.port);
    expect([first.status, second.status, third.status]).toEqual([101, 101, 503]);
    first.socket.destroy();
    await until(() => place.door.status().connections === 1);
    await using fourth = await WireClient.open(place.port);
    expect(fourth.status).toBe(101);
  });

  it('an operator sends a client away with 4012', async () => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    expect(place.door.remove(ada.uuid)).toBe(true);
    expect((await ada.client.closed()).code).toBe(4012);
    expect(await bob.client.hear()).toMatchObject({ type: 'CLIENT_LEFT', client: { name: 'ada' } });
    expect(place.door.remove(ada.uuid)).toBe(false);
  });

  it('of messages that are conflated a slow reader gets the newest, others get all', async () => {
    await using place = await openPlace({ door: { conflate: ['sky:POS'] } });
    const { owner, ada } = await enterAll(place.port, 'owner', 'ada');
    await ask(owner.client, { type: 'SERVICE_CREATE', service: 'sky' });
    await ask(ada.client, { type: 'SELF_SUBSCRIBE', service: 'sky' });
    const say = (data: object): string => JSON.stringify({ type: 'MESSAGE', target: { type: 'SERVICE', service: 'sky' }, data });
    // In one packet: they are all handled before anything is written.
    owner.client.say(say({ type: 'POS', n: -1 }));
    const { masked } = await import('./lib/wire-client.ts');
    const all = [1, 2, 3, 4, 5].flatMap((n) => [say({ type: 'POS', n }), say({ type: 'LINE', n })]);
    owner.client.socket.write(Buffer.concat(all.map((text) => masked(1, Buffer.from(text), true))));
    const heard: { type: string; n: number }[] = [];
    while (heard.filter(({ type }) => type === 'LINE').length < 5 || heard.filter(({ n }) => n === 5).length < 2) {
      const payload = await ada.client.hear();
      if (payload.type === 'MESSAGE') heard.push(payload.data as { type: string; n: number });
    }
    expect(heard.filter(({ type }) => type === 'LINE').map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    const positions = heard.filter(({ type }) => type === 'POS').map(({ n }) => n);
    expect(positions.at(-1)).toBe(5);
    expect(positions.length).toBeLessThan(6);
  });

  describe('one address, two doors', () => {
    const claim = (taken: FirstFrame[]) => ({
      claims: (value: unknown): boolean => (value as { type?: unknown }).type === 'authentication',
      take: (first: FirstFrame): void => {
        taken.push(first);
        first.websocket.on('message', (data) => first.websocket.send(`other door: ${String(data)}`));
      },
    });

    it('a first frame that another door knows is that door’s, with all that follows', async () => {
      await using place = await openPlace();
      const taken: FirstFrame[] = [];
      place.firstFrames.add(claim(taken));
      await using client = await WireClient.open(place.port, manners.rust);
      client.say({ type: 'authentication', who: 'printer' });
      await until(() => taken.length === 1);
      expect(JSON.parse(taken[0]!.text)).toEqual({ type: 'authentication', who: 'printer' });
      await place.clock.advance(60_000);
      client.say('next');
      await until(() => client.frames.some(({ opcode }) => opcode === 1));
      expect(
        client.frames.map(({ opcode, payload }) => [opcode, payload.toString()]),
        'no Ping, no close',
      ).toEqual([[1, 'other door: next']]);
      expect(place.door.clients()).toEqual([]);
    });

    it('whoever offers a sub-protocol is ours, whatever it says', async () => {
      await using place = await openPlace();
      const taken: FirstFrame[] = [];
      place.firstFrames.add(claim(taken));
      await using client = await WireClient.open(place.port, manners.python);
      client.say({ type: 'authentication' });
      expect((await client.closed()).code).toBe(4003);
      expect(taken).toEqual([]);
    });
  });
});
