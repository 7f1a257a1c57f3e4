import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { procStat } from '../src/proc.ts';
import { sh } from './lib/scripted-server.ts';
import { eventually, processesWith, Yard } from './lib/yard.ts';

let yard: Yard;
/** Stands in the arguments of every process of the test. */
let mark: string;
beforeEach(() => {
  yard = new Yard();
  mark = randomUUID();
});
afterEach(async () => {
  await yard.close();
  // A test that failed must not leave anything running.
  for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
});

/** A process that lives on until killed, and shows the mark. */
const sleeper = () => `sh -c 'echo up; while :; do sleep 60; done' ${mark}`;
const kill = { m: 'kill', task: 1, attempt: 1 } as const;

test('kill ends the whole group and tells how it ended', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`${sleeper()} & ${sleeper()}`));
  await peer.until(() => peer.output(1) === 'up\nup\n');
  expect(processesWith(mark).length).toBeGreaterThan(1);
  peer.say(kill);
  expect(await peer.got('end')).toMatchObject({ outcome: 'failed', reason: 'signal', signal: 'SIGTERM', exitCode: null });
  expect(processesWith(mark)).toEqual([]);
});

test('a child in a session of its own does not survive, nor one that was forked twice', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`setsid ${sleeper()} & (setsid setsid ${sleeper()} &) ; ${sleeper()}`));
  await peer.until(() => peer.output(1) === 'up\nup\nup\n');
  peer.say(kill);
  await peer.got('end');
  expect(processesWith(mark)).toEqual([]);
});

test('a child in a session of its own that threw its environment away does not survive while its parent lives', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`setsid sh -c 'env -i PATH="$PATH" setsid ${sleeper().replaceAll("'", '"')}; :' & wait`));
  await peer.until(() => peer.output(1) === 'up\n');
  peer.say(kill);
  await peer.got('end');
  expect(processesWith(mark)).toEqual([]);
});

test('what does not listen to SIGTERM gets SIGKILL after the grace', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`trap '' TERM; ${sleeper()} & echo deaf; while :; do sleep 60; done`));
  await peer.until(() => peer.output(1).includes('deaf') && peer.output(1).includes('up'));
  peer.say(kill);
  expect(await peer.got('end')).toMatchObject({ reason: 'signal', signal: 'SIGKILL' });
  expect(processesWith(mark)).toEqual([]);
});

test('what ends itself on SIGTERM keeps its exit code', async () => {
  const { peer } = await yard.pair({}, { rhythm: { graceMs: 60_000 } });
  peer.run(sh(`trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done`));
  await peer.until(() => peer.output(1) === 'up\n');
  peer.say(kill);
  expect(await peer.got('end')).toMatchObject({ reason: 'exit', exitCode: 7 });
  expect(peer.output(1)).toBe('up\nbye\n');
});

test('the exit of the main process is the end, though a grandchild holds its output; leftovers are killed', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`${sleeper()} & setsid ${sleeper()} & while [ "$(pgrep -c -f ${mark})" -lt 2 ]; do sleep 0.01; done; echo done`));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
  expect(peer.output(1)).toContain('done');
  expect(processesWith(mark)).toEqual([]);
});

test('run timeout', async () => {
  const { peer } = await yard.pair();
  peer.run({ timeoutMs: 100, ...sh(sleeper()) });
  expect(await peer.got('end')).toMatchObject({ outcome: 'failed', reason: 'timeout', error: expect.stringContaining('100 ms') });
  expect(processesWith(mark)).toEqual([]);
});

test('silence timeout: output keeps it alive, silence ends it', async () => {
  const { peer } = await yard.pair();
  peer.run({ silenceMs: 200, ...sh('for i in 1 2 3 4 5 6; do echo $i; sleep 0.06; done; exec sleep 60') });
  expect(await peer.got('end')).toMatchObject({ outcome: 'failed', reason: 'silence', error: expect.stringContaining('200 ms') });
  expect(peer.output(1)).toBe('1\n2\n3\n4\n5\n6\n');
});

test('suspend stops its processes, resume lets them go on; a suspended task can be killed', async () => {
  const { peer } = await yard.pair();
  peer.run(sh(`${sleeper()} & wait; : ${mark}`));
  await peer.until(() => peer.output(1) === 'up\n');
  const states = () => processesWith(mark).map((pid) => procStat(pid)?.state);
  peer.say({ m: 'suspend', task: 1, attempt: 1 });
  await eventually(() => states().every((state) => state === 'T'));
  expect(states().length).toBeGreaterThanOrEqual(2);
  peer.say({ m: 'resume', task: 1, attempt: 1 });
  await eventually(() => states().every((state) => state !== 'T'));
  peer.say({ m: 'suspend', task: 1, attempt: 1 }, { m: 'kill', task: 1, attempt: 1 });
  expect(await peer.got('end')).toMatchObject({ reason: 'signal', signal: 'SIGTERM' });
  expect(processesWith(mark)).toEqual([]);
});

test('a kill for an attempt that it does not hold is answered', async () => {
  const { peer } = await yard.pair();
  peer.say({ m: 'kill', task: 9, attempt: 3 });
  expect(await peer.got('give-back', 9)).toMatchObject({ attempt: 3, how: 'free' });
});

test('a later attempt of the same task starts only when the earlier one is gone', async () => {
  const { peer } = await yard.pair();
  peer.run({ attempt: 1, ...sh(`trap '' TERM; ${sleeper()}`) });
  await peer.until(() => peer.output(1) === 'up\n');
  peer.run({ attempt: 2, ...sh(`pgrep -c -f '[-]c .*${mark}'; true`) });
  const end = await peer.got('end');
  expect(end).toMatchObject({ attempt: 2, outcome: 'succeeded' });
  const second = peer.frames.filter((frame) => frame.attempt === 2).map((frame) => Buffer.from(frame.bytes).toString());
  // The asking shell shows the mark itself.
  expect(second.join('')).toBe('1\n');
});
