import { expect, test } from 'vitest';
import { Yard } from '../system/lib/yard.ts';
import { User } from './lib/peers.ts';
import { gcode, openShop, portOf, progressOf } from './lib/whole.ts';

const speed = ['--virtual-speed', '200'];
/** The only print of this yard. */
async function taskOf(yard: Yard): Promise<{ state: string; attempt: number }> {
  const headers = { authorization: `Bearer ${await yard.adminToken()}` };
  return (await (await fetch(`${yard.ready.url}/v1/tasks/1`, { headers })).json()) as { state: string; attempt: number };
}

const flags = ['--no-local-worker'];

test('printerlynx §8.21 §8.23 the real agent: START, PAUSE, RESUME, progress to 1, available', async () => {
  const yard = await Yard.forTest();
  await yard.start(flags);
  const { user, ears, who } = await openShop(yard, speed);
  // It dwells in the middle: a whole print of 800 moves is over before a loaded machine has said PAUSE.
  const file = await user.upload('part.gcode', gcode(800, 2_000));
  const job = (type: string) => ears.ask('print_job', { ...who, type, print_file_uuid: file.uuid });
  expect(await job('START')).toBe('OK');
  await ears.status((data) => progressOf(data) > 0.1);
  expect(await job('PAUSE')).toBe('OK');
  await ears.status(({ job }) => (job as { state: string } | null)?.state === 'paused');
  expect(await job('RESUME')).toBe('OK');
  const last: number[] = [];
  await ears.until(({ type, data }) => {
    if (type === 'printer_status' && data['status'] === 'busy') last.push(progressOf(data));
    return data['status'] === 'available';
  });
  expect(last).toEqual([...last].sort((a, b) => a - b));
  expect(last.at(-1)).toBe(1);
  expect((await taskOf(yard)).state).toBe('succeeded');
}, 120_000);

test('printerlynx §8.26 kill -9 of the server in mid-print: the print goes on, and its state is true afterwards', async () => {
  const yard = await Yard.forTest();
  await yard.start(flags);
  const { user, ears, who } = await openShop(yard, speed);
  const long = await user.upload('long.gcode', gcode(400, 2_000));
  expect(await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: long.uuid })).toBe('OK');
  const before = progressOf(await ears.status((data) => progressOf(data) > 0.05));
  await yard.kill();
  await yard.start(flags);
  const again = await new User(portOf(yard), 'ada', user.token).socket();
  // Nobody was asked to print it again: it is further than it was.
  const first = await again.status(({ status }) => status !== 'unavailable');
  if (first['status'] === 'busy') {
    expect(progressOf(first)).toBeGreaterThanOrEqual(before);
    expect(first['job']).toMatchObject({ print_file_uuid: long.uuid, name: 'long.gcode' });
    await again.status(({ status }) => status === 'available');
  }
  expect(await taskOf(yard)).toMatchObject({ state: 'succeeded', attempt: 1 });
}, 180_000);

test('printerlynx §8.27 kill -9 of the agent in mid-print: unavailable, and failed in true words after its return', async () => {
  const yard = await Yard.forTest();
  await yard.start(flags);
  const { user, ears, who, agent } = await openShop(yard, speed);
  const file = await user.upload('long.gcode', gcode(400, 2_000));
  expect(await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid })).toBe('OK');
  await ears.status((data) => progressOf(data) > 0.05);
  await agent.kill();
  await ears.status(({ status }) => status === 'unavailable');
  expect((await taskOf(yard)).state).toBe('running');
  agent.start();
  await ears.status(({ status }) => status === 'available');
  const task = await taskOf(yard);
  expect(task.state).toBe('failed');
  expect(JSON.stringify(task)).toContain('The agent was restarted in the middle of the print');
}, 240_000);
