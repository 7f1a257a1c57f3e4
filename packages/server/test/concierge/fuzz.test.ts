import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../lib/seeded-random.ts';
import { enter, strict } from './lib/clients.ts';
import { openPlace } from './lib/place.ts';
import { WireClient } from './lib/wire-client.ts';

/** Seeds that once found something stay here. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

const names = ['ada', '__proto__', 'é', 'x y', '', 'constructor'];
const types = [
  ...['MESSAGE', 'SELF_SUBSCRIBE', 'SELF_UNSUBSCRIBE', 'SELF_FETCH', 'SERVICE_CREATE', 'SERVICE_DELETE', 'SERVICE_FETCH'],
  ...[
    'SERVICE_FETCH_ALL',
    'CLIENT_FETCH_ALL',
    'CLIENT_FETCH',
    'CREATE_SERVICE',
    'IDENTIFY',
    'HELLO',
    'toString',
    '__proto__',
    '',
  ],
];

function value(random: SeededRandom, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 5 : 7);
  if (kind === 0) return random.pick([null, true, false, 0, -1, 1.5, 2 ** 53, 1e308]);
  if (kind < 4)
    return random.pick([...names, '00000000-0000-4000-8000-000000000000', '\u0000', '"\\', '\ud800', 'ALL', 'NAME', 'SERVICE']);
  if (kind === 4) return random.pick(['chat', 'sky']);
  if (kind === 5) return Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [
      random.pick(['type', 'service', 'name', 'uuid', 'data', 'target', 'seq', 'origin', '__proto__', 'nickname', 'tags']),
      value(random, depth + 1),
    ]),
  );
}

function frame(random: SeededRandom): string {
  const dice = random.below(10);
  if (dice === 0) return Buffer.from(random.bytes(random.below(60))).toString('latin1');
  const fields = value(random, 0);
  const base = typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? fields : { data: fields };
  const targets = ['NAME', 'UUID', 'SERVICE', 'SERVICE_CLIENT_UUID', 'ALL'];
  const target = { type: random.pick(targets), service: 'chat', name: 'ada', uuid: random.pick(names) };
  const text = JSON.stringify({ service: random.pick(['chat', 'sky', 7]), target, ...base, type: random.pick(types) });
  if (dice > 2) return text;
  const at = random.below(text.length + 1);
  return dice === 1
    ? text.slice(0, at)
    : `${text.slice(0, at)}${random.pick(['"', '{', ']', ',', '\\', 'NaN', ' '])}${text.slice(at)}`;
}

describe('concierge fuzz', () => {
  it.each(seeds)('whatever is said, every frame is answered once, in order, and nobody else suffers (seed %i)', async (seed) => {
    await using place = await openPlace();
    const random = createSeededRandom(seed);
    const { client } = await enter(place.port, 'ada');
    const { client: witness } = await enter(place.port, 'witness');
    await client.hear();
    const count = 400;
    for (let i = 0; i < count; i++) client.say(frame(random));
    client.say({ type: 'SELF_SET_SEQ', seq: 100_000 });
    const heard = await client.hearUntilSeq(100_000);
    const numbers = heard.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
    expect(numbers).toEqual([...Array.from({ length: count }, (_, i) => i), 100_000]);
    for (const payload of heard) strict(payload);
    witness.say({ type: 'SELF_SET_SEQ', seq: 5 });
    for (const payload of await witness.hearUntilSeq(5)) strict(payload);
    expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it.each(seeds.slice(0, 4))('bytes of any sort end that connection at most (seed %i)', async (seed) => {
    await using place = await openPlace();
    const random = createSeededRandom(`bytes ${seed}`);
    const { client: witness } = await enter(place.port, 'witness');
    for (let i = 0; i < 40; i++) {
      await using peer = await WireClient.open(place.port);
      if (random.below(2) === 0) peer.say({ type: 'IDENTIFY', name: `p${i}`, version: '0.2.0' });
      peer.socket.write(random.bytes(1 + random.below(400)));
      peer.socket.end();
      await peer.gone();
    }
    witness.say({ type: 'SELF_SET_SEQ', seq: 9 });
    await witness.hearUntilSeq(9);
    expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('a flood of identifications is turned away after a while, and those who are here notice nothing', async () => {
    await using place = await openPlace({ limits: { failuresPerMinute: 20 } });
    const { client } = await enter(place.port, 'ada');
    const codes: number[] = [];
    for (let i = 0; i < 25; i++) {
      await using peer = await WireClient.open(place.port);
      if (peer.status === 101) {
        peer.say({ type: 'IDENTIFY', name: 'ada', version: '0.2.0' });
        codes.push((await peer.closed()).code);
      } else codes.push(peer.status);
    }
    expect(codes).toEqual([...Array(21).fill(4005), ...Array(4).fill(429)]);
    client.say({ type: 'SELF_SET_SEQ', seq: 1 });
    expect(await client.hear()).toEqual({ seq: 1, type: 'OK' });
    await place.clock.advance(60_000 / 20 + 1);
    await using later = await WireClient.open(place.port);
    expect(later.status).toBe(101);
  });

  it('a flood of frames is not refused: reading stops, and goes on; the heartbeat waits meanwhile', async () => {
    await using place = await openPlace({ limits: { framesPerSecond: 10 } });
    const { client } = await enter(place.port, 'ada');
    for (let i = 0; i < 200; i++) client.say({ type: 'SERVICE_FETCH', service: 'x' });
    // Two seconds' worth at once, IDENTIFY among them.
    const first = await client.hearAll(19);
    expect(first.at(-1)?.seq).toBe(18);
    const seen = client.frames.length;
    await place.clock.advance(12_000);
    expect(client.frames.slice(seen).filter(({ opcode }) => opcode !== 9)).toEqual([]);
    const rest = client.hearUntilSeq(199);
    await place.clock.advance(7_000);
    expect((await rest).map(({ type }) => type)).toEqual(Array(181).fill('INVALID_SERVICE'));
    expect(place.door.clients()).toHaveLength(1);
  });

  // More than a list has room for; with `SWITCHYARD_TEST_FAULTS=full` as many as the hub is made for.
  const total = process.env['SWITCHYARD_TEST_FAULTS'] === 'full' ? 100_000 : 40_000;
  it(`${total} services: a list keeps below what clients bear, and others are served`, { timeout: 60_000 }, async () => {
    await using place = await openPlace({
      limits: { framesPerSecond: 0, bytesPerSecond: 0, servicesPerClient: total, queueBytes: 64 * 1_048_576 },
    });
    const { client } = await enter(place.port, 'ada');
    for (let i = 0; i < total; i += 10_000) {
      for (let j = i; j < i + 10_000; j++) client.say(`{"type":"SERVICE_CREATE","service":"s${j}"}`);
      await client.hearUntilSeq(i + 9_999);
      client.forget();
    }
    const { client: other } = await enter(place.port, 'other');
    other.say({ type: 'SERVICE_FETCH_ALL' });
    const text = await other.hearText();
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
    expect(JSON.parse(text)).toMatchObject({ seq: 0, truncated: true });
    other.say({ type: 'SERVICE_FETCH', service: `s${total - 1}` });
    expect(await other.hear()).toMatchObject({ seq: 1, service: { name: `s${total - 1}` } });
  });

  it('one client may own so many services and no more', async () => {
    await using place = await openPlace({ limits: { servicesPerClient: 2 } });
    const { client } = await enter(place.port, 'ada');
    for (const service of ['a', 'b', 'c', 'a']) client.say({ type: 'SERVICE_CREATE', service });
    const answers = (await client.hearUntilSeq(3)).filter(({ seq }) => seq !== undefined);
    expect(answers.map(({ type, successful }) => [type, successful])).toEqual([
      ['SERVICE_CREATE_RESULT', true],
      ['SERVICE_CREATE_RESULT', true],
      ['BAD', undefined],
      ['SERVICE_CREATE_RESULT', false],
    ]);
  });
});
