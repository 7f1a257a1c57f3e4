import { describe, expect, it } from 'vitest';
import { Recorder } from '../../src/doors/concierge/recorder.ts';
import { until } from '../lib/until.ts';
import { ask, enter, type Joined } from './lib/clients.ts';
import { openPlace, type Place } from './lib/place.ts';

interface Kept {
  readonly token: string;
  readonly recovered: boolean;
  readonly offset: number;
}
const keptOf = ({ hello }: Joined): Kept => hello.resume as Kept;
const toAda = (data: unknown): object => ({ type: 'MESSAGE', target: { type: 'NAME', name: 'ada' }, data });

/** `ada`, who may come back, in a service of `owner`; she has heard four frames. */
async function yard(place: Place): Promise<{ owner: Joined; ada: Joined; offset: number }> {
  const owner = await enter(place.port, 'owner');
  await ask(owner.client, { type: 'SERVICE_CREATE', service: 'chat' });
  await owner.client.hear();
  const ada = await enter(place.port, 'ada', { resume: true });
  await owner.client.hear();
  await ask(ada.client, { type: 'SELF_SUBSCRIBE', service: 'chat' });
  await ada.client.hear();
  return { owner, ada, offset: 2 };
}

describe('concierge: coming back', () => {
  it('plain clients are told nothing of it, and their name and place go with the connection', async () => {
    await using place = await openPlace();
    const ada = await enter(place.port, 'ada');
    expect(ada.hello).not.toHaveProperty('resume');
    ada.client.socket.destroy();
    await until(() => place.door.clients().length === 0);
  });

  it('after a broken line the place, the subscriptions and what was said meanwhile are there', async () => {
    await using place = await openPlace();
    const { owner, ada, offset } = await yard(place);
    expect(keptOf(ada)).toMatchObject({ recovered: false, offset: 0 });
    ada.client.socket.resetAndDestroy();
    await until(() => place.door.status().connections === 1);
    for (const data of ['one', 'two']) {
      const answer = await ask(owner.client, { type: 'MESSAGE', target: { type: 'SERVICE', service: 'chat' }, data });
      expect(answer, 'nobody was told that she left').toMatchObject({ type: 'OK' });
    }
    const again = await enter(place.port, 'ada', { resume: { token: keptOf(ada).token, offset } });
    expect(again.uuid).toBe(ada.uuid);
    expect(again.hello.fs_key).toBe(ada.hello.fs_key);
    expect(keptOf(again)).toEqual({ token: keptOf(ada).token, recovered: true, offset });
    expect((await again.client.hearAll(2)).map(({ data }) => data)).toEqual(['one', 'two']);
    expect(await ask(again.client, { type: 'SELF_FETCH' })).toMatchObject({ seq: 0, subscriptions: [{ name: 'chat' }] });
    expect(await ask(owner.client, toAda(3))).toMatchObject({ type: 'OK' });
    expect(await again.client.hear()).toMatchObject({ data: 3 });
  });

  it('a line that only seems to be alive is given up for the new one', async () => {
    await using place = await openPlace();
    const { ada, offset } = await yard(place);
    const again = await enter(place.port, 'ada', { resume: { token: keptOf(ada).token, offset } });
    expect(keptOf(again).recovered).toBe(true);
    expect((await ada.client.closed()).code).toBe(4009);
    await until(() => place.door.status().connections === 2);
    expect(place.door.clients().map(({ name }) => name)).toEqual(['owner', 'ada']);
  });

  it('after too long, everybody was told that it left, and it is told that nothing was recovered', async () => {
    await using place = await openPlace();
    const { owner, ada, offset } = await yard(place);
    ada.client.socket.destroy();
    await until(() => place.door.status().connections === 1);
    // The owner answers its Pings; the clock goes on between.
    for (let i = 0; i < 6; i++) {
      await place.clock.advance(5_000);
      owner.client.say({ type: 'SELF_SET_SEQ', seq: 0 });
      await owner.client.hearUntilSeq(0);
    }
    expect(place.door.clients().map(({ name }) => name)).toEqual(['owner']);
    const again = await enter(place.port, 'ada', { resume: { token: keptOf(ada).token, offset } });
    expect(again.uuid).not.toBe(ada.uuid);
    expect(keptOf(again)).toMatchObject({ recovered: false, offset: 0 });
    expect(keptOf(again).token).not.toBe(keptOf(ada).token);
  });

  it.each([
    ['a wrong token', { token: 'x', offset: 2 }],
    ['nonsense', { offset: 'x' }],
  ])('%s begins anew: the place of the one who is away is free for it', async (_what, resume) => {
    await using place = await openPlace();
    const { ada } = await yard(place);
    ada.client.socket.destroy();
    await until(() => place.door.status().connections === 1);
    const again = await enter(place.port, 'ada', { resume });
    expect(keptOf(again).recovered).toBe(false);
    expect(again.uuid).not.toBe(ada.uuid);
  });

  it('a name that is kept for somebody who seems to be there goes to the one who asks, once the line is found to be dead', async () => {
    await using place = await openPlace();
    const { ada } = await yard(place);
    ada.client.pongs = false;
    await place.clock.advance(4_000);
    const asked = enter(place.port, 'ada');
    await until(() => ada.client.frames.some(({ opcode }) => opcode === 9));
    await place.clock.advance(1_500);
    const next = await asked;
    expect(next.uuid).not.toBe(ada.uuid);
    expect((await ada.client.closed()).code).toBe(4009);
  });

  it('what was said beyond what is kept is not made up: nothing is recovered', async () => {
    await using place = await openPlace({ limits: { resumeBytes: 2_000 } });
    const { owner, ada, offset } = await yard(place);
    ada.client.socket.destroy();
    await until(() => place.door.status().connections === 1);
    for (let i = 0; i < 30; i++) await ask(owner.client, toAda('x'.repeat(100)));
    const again = await enter(place.port, 'ada', { resume: { token: keptOf(ada).token, offset } });
    expect(keptOf(again).recovered).toBe(false);
  });

  it('whoever says good-bye is gone', async () => {
    await using place = await openPlace();
    const { ada } = await yard(place);
    await ada.client.leave();
    await until(() => place.door.clients().length === 1);
  });

  it('the recorder knows the last frames by number', () => {
    const recorder = new Recorder(100);
    for (let i = 0; i < 50; i++) recorder.record(Buffer.alloc(10, i));
    expect(recorder.next).toBe(50);
    expect(recorder.since(50)).toEqual([]);
    expect(recorder.since(49)?.map((frame) => frame[0])).toEqual([49]);
    expect(recorder.since(51)).toBeNull();
    expect(recorder.since(0)).toBeNull();
  });
});
