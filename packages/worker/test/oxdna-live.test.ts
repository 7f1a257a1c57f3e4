import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oxdnaPair, seriesOf, stageTask } from './lib/oxdna-yard.ts';
import type { Peer } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

const name = 'configuration';
const watch = (peer: Peer, names: readonly string[] = [name]) => peer.say({ m: 'watch', task: 1, attempt: 1, names });
const textOf = (peer: Peer, nth = -1) => Buffer.from(peer.live.at(nth)?.bytes ?? []).toString();
const particles = 200;

function isWhole(text: string): boolean {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.length !== particles + 3) return false;
  return /^t = \d+$/.test(lines[0] ?? '') && lines.slice(3).every((line) => line.split(' ').length === 15);
}

test('nothing is sent that nobody watches; who comes late sees the present configuration at once', async () => {
  const gate = join(yard.folder, 'gate');
  const { peer, server } = await oxdnaPair(yard, { WAIT_AT: 57, WAIT_FOR: gate });
  peer.run(stageTask(server, { n: particles }));
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  expect(peer.live).toEqual([]);
  watch(peer);
  await peer.until(() => peer.live.length > 0);
  expect(peer.live[0]).toMatchObject({ task: 1, attempt: 1, name, at: 50 });
  expect(textOf(peer)).toMatch(/^t = 50\n/);
  expect(isWhole(textOf(peer))).toBe(true);
  // The progress that belongs to it has come before it.
  expect(peer.all('report').at(-1)).toMatchObject({ progress: { done: 50 } });
  watch(peer, ['something-else']);
  writeFileSync(gate, '');
  await peer.got('end');
  expect(peer.live).toHaveLength(1);
});

test('a configuration that is being written is never sent torn, and newer ones follow', async () => {
  const { peer, server } = await oxdnaPair(yard, { TORN_MS: 6, DELAY_MS: 1 });
  peer.run(stageTask(server, { n: particles, payload: { steps: 100_000, printEvery: 4 }, keys: { print_conf_interval: 4 } }));
  watch(peer);
  await peer.until(() => peer.live.length >= 8);
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  await peer.got('end');
  for (const { bytes } of peer.live) expect(isWhole(Buffer.from(bytes).toString())).toBe(true);
  const steps = peer.live.map(({ at }) => at);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(new Set(steps).size).toBe(steps.length);
});

test('configurations that lack a line are not sent at all', async () => {
  const gate = join(yard.folder, 'gate');
  const { peer, server } = await oxdnaPair(yard, { SHORT_CONF: 1, WAIT_AT: 57, WAIT_FOR: gate });
  peer.run(stageTask(server, { n: particles }));
  watch(peer);
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  writeFileSync(gate, '');
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  expect(peer.live.filter(({ bytes }) => !isWhole(Buffer.from(bytes).toString()))).toEqual([]);
});

test('steps go on over extensions, and who watches says so anew in the next connection', async () => {
  const gate = join(yard.folder, 'gate');
  writeFileSync(gate, '');
  const faults = { NO_CONVERGENCE: 1, DELAY_MS: 2 };
  const { peer, server } = await oxdnaPair(yard, faults);
  peer.run(stageTask(server, { n: particles, payload: { autoExtend: true, maxExtensions: 100_000 } }));
  watch(peer);
  await peer.until(() => (peer.live.at(-1)?.at ?? 0) > 100);
  expect(textOf(peer)).toMatch(/^t = (?:[1-9]0|100)\n/);
  peer.cut();
  const again = await server.peer();
  await again.until(() => again.all('report').length > 3);
  expect(again.live).toEqual([]);
  watch(again);
  await again.until(() => again.live.length > 1);
  again.say({ m: 'kill', task: 1, attempt: 1 });
  await again.got('end');
});
