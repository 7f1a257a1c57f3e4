import { expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { Ears, type Frame, ScriptedAgent } from './lib/peers.ts';
import { openFarm, openPlace, printerId } from './lib/place.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('more than 20 messages a second are refused, as many again, and then not read for a second: answers have an end', async () => {
  await using place = await openPlace();
  const { ears, who } = await openFarm(place);
  const count = 2_000;
  ears.wire.socket.cork();
  for (let i = 0; i < count; i++) ears.say('print_job', { ...who, type: 'PAUSE', request_id: `${i}` });
  ears.wire.socket.uncork();
  const answers: Frame[] = [];
  while (answers.length < 40) answers.push(await ears.until(({ type }) => type === 'print_job'));
  // One more than the burst is taken on credit; one of it was the authentication.
  const words = answers.map(({ data }) => data['message']);
  expect(words.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'No active print job'));
  expect(new Set(words.slice(20))).toEqual(new Set(['Too many requests']));
  expect(answers.map(({ data }) => data['request_id'])).toEqual(answers.map((_, i) => `${i}`));
  for (let i = 0; i < 200; i++) await turn();
  expect(ears.wire.frames.filter(({ payload }) => payload.includes('print_job')).length).toBeLessThanOrEqual(41);
  // After a while it is heard again.
  await place.clock.advance(1_000);
  await place.clock.advance(1_000);
  await until(() => ears.wire.socket.writableLength === 0);
  ears.say('print_job', { ...who, type: 'RESUME', request_id: 'late' });
  let late: Frame | null = null;
  while (late === null) {
    await place.clock.advance(1_000);
    const found = ears.wire.frames.find(({ payload }) => payload.includes('"late"'));
    late = found === undefined ? null : (JSON.parse(found.payload.toString()) as Frame);
    if (late === null) ears.say('print_job', { ...who, type: 'RESUME', request_id: 'late' });
  }
  expect(late.data['status']).toBe('ERROR');
});

test('agents may say 200 a second, legacy pages are refused in their own words', async () => {
  await using place = await openPlace();
  const { user, agent } = await openFarm(place);
  agent.wire.socket.cork();
  for (let i = 0; i < 250; i++) agent.say('dance', { request_id: `${i}` });
  agent.wire.socket.uncork();
  const answers: Frame[] = [];
  while (answers.length < 250) answers.push(await agent.hear());
  const refused = answers.filter(({ data }) => data['message'] === 'Too many requests');
  expect(refused.length).toBeGreaterThan(40);
  expect(refused.length).toBeLessThan(60);
  expect(answers.map(({ data }) => data['request_id'])).toEqual(answers.map((_, i) => `${i}`));
  const page = await Ears.open(place.port, '/ws');
  page.wire.socket.cork();
  for (let i = 0; i < 40; i++) page.wire.say({ body: user.token, message_type: 'UserAuthentication' });
  page.wire.socket.uncork();
  let last = '';
  while (!last.includes('Too many')) last = await page.wire.hearText();
  expect(last).toBe('{"body":"Too many requests","message_type":"Error"}');
});

test('64 KiB a message: 1009', async () => {
  await using place = await openPlace();
  const { user, garage } = await openFarm(place);
  const ears = await user.socket();
  const agent = await ScriptedAgent.enter(place.port, garage.token);
  for (const one of [ears, agent]) {
    one.wire.say(`{"type":"x","data":{"a":"${'x'.repeat(65_000)}"}}`);
    expect((await one.hear()).type).toBeDefined();
    one.wire.say(`{"type":"x","data":{"a":"${'x'.repeat(66_000)}"}}`);
    expect((await one.wire.closed()).code).toBe(1009);
  }
});

test('a slow reader misses what is outdated, never the newest, and holds up nobody', async () => {
  await using place = await openPlace();
  const { user, ears, agent, printer } = await openFarm(place);
  const slow = await user.socket();
  await slow.status(() => true);
  slow.wire.socket.pause();
  const note = 'x'.repeat(480);
  for (let i = 1; i <= 20_000; i++) {
    await agent.report(printer, { last_error: `${i} ${note}` });
    if (i % 100 === 0) {
      await place.clock.advance(1_000);
      await ears.status(({ last_error }) => last_error === `${i} ${note}`);
      ears.wire.forget();
      if (i % 2_000 === 0) slow.wire.frame(0xa, Buffer.alloc(0));
    }
  }
  slow.wire.socket.resume();
  let seen = 0;
  for (let last = ''; !last.startsWith('20000 '); seen++) last = String((await slow.status(() => true))['last_error']);
  expect(seen).toBeLessThan(15_000);
}, 60_000);

test('a peer that is silent for a minute is dead: within it its printers are unavailable', async () => {
  await using place = await openPlace();
  const { ears, agent, who } = await openFarm(place);
  agent.wire.pongs = false;
  for (let i = 0; i < 2; i++) {
    const pings = ears.wire.frames.filter(({ opcode }) => opcode === 0x9).length;
    await place.clock.advance(30_000);
    await until(() => ears.wire.frames.filter(({ opcode }) => opcode === 0x9).length > pings);
    for (let n = 0; n < 5; n++) await turn();
  }
  await ears.status(({ status }) => status === 'unavailable');
  await until(() => agent.wire.socket.destroyed);
  expect(await ears.ask('printer_command', { ...who, command: 'M105' })).toBe('Agent is offline');
});

test('no more printers of one agent, and no more sockets, than the limits', async () => {
  await using place = await openPlace({ limits: { printers: 3, sockets: 4 } });
  const { agent, user } = await openFarm(place);
  for (const name of ['b', 'c']) await agent.report(printerId(name));
  await agent.report(printerId('d'));
  expect((await agent.hear()).data).toMatchObject({ status: 'ERROR', message: 'An agent has no more than 3 printers' });
  await user.socket();
  await user.socket();
  await expect(user.socket()).rejects.toThrow('503');
});

test('guessing tokens is ended at the third try; who is known is let in all the same', async () => {
  await using place = await openPlace();
  const { user, garage } = await openFarm(place);
  for (let i = 0; i < 12; i++) {
    const eve = await Ears.open(place.port, i % 2 === 0 ? '/api/v1/ws' : '/api/v1/ws/agent');
    for (let n = 0; n < 3; n++) eve.say('authentication', { token: `guess ${n}` });
    expect((await eve.wire.closed()).code).toBe(4401);
  }
  await user.socket();
  await place.agent(garage.token);
});
