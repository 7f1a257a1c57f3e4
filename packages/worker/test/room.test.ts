import { afterEach, beforeEach, expect, test } from 'vitest';
import { lacking, Room } from '../src/room.ts';
import { sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

const amounts = (slots: number, named: Record<string, number> = {}) => ({ slots, cpus: 0, ramMb: 0, named });
const forever = sh('echo up; exec sleep 60');

test('room is taken and given back; graphics processors by number', () => {
  const room = new Room({ slots: 2, cpus: 4, ramMb: 100, named: { gpu: 2, plate: 1 } }, ['4', '7']);
  const first = room.take({ slots: 1, cpus: 1, ramMb: 60, named: { gpu: 1 } });
  expect(first?.gpus).toEqual(['4']);
  expect(room.take({ slots: 1, cpus: 0, ramMb: 60, named: {} })).toBeNull();
  expect(room.take({ slots: 1, cpus: 4, ramMb: 0, named: {} })).toBeNull();
  const second = room.take({ slots: 1, cpus: 0, ramMb: 0, named: { gpu: 1, plate: 1 } });
  expect(second?.gpus).toEqual(['7']);
  expect(room.fitsNow(amounts(0, { plate: 1 }))).toBe(false);
  room.give(first!);
  room.give(second!);
  expect(room.free).toEqual(room.total);
  expect(room.take(amounts(2, { gpu: 2 }))?.gpus).toEqual(['4', '7']);
  expect(lacking({ slots: 3, cpus: 0, ramMb: 0, named: { gpu: 9 } }, room.total)).toBe('slots 3 (has 2), gpu 9 (has 2)');
});

test('what never fits is rejected with the reason, what does not fit now is deferred, and room is announced again', async () => {
  const { peer } = await yard.pair();
  peer.run({ task: 1, amounts: amounts(3), ...forever }, { task: 2, amounts: amounts(5) }, { task: 3, amounts: amounts(2) });
  expect(await peer.got('give-back', 2)).toMatchObject({ how: 'reject', why: expect.stringContaining('slots 5 (has 4)') });
  expect(await peer.got('give-back', 3)).toMatchObject({ how: 'defer', why: expect.stringContaining('slots 2 (has 1)') });
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  await peer.got('info');
});

test('offers are accepted as room comes, in order, never more than fit', async () => {
  const { peer } = await yard.pair();
  peer.run({ task: 1, amounts: amounts(2), ...forever }, { task: 2, amounts: amounts(1), ...forever });
  peer.offer({ task: 3, amounts: amounts(2), ...sh('true') }, { task: 4, amounts: amounts(1), ...forever });
  // Three of four slots are taken: 3 does not fit, 4 does.
  await peer.got('accept', 4);
  await peer.until(() => peer.output(4) === 'up\n');
  expect(peer.all('accept').map((message) => message.task)).toEqual([4]);
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  await peer.got('accept', 3);
  expect(await peer.got('end', 3)).toMatchObject({ outcome: 'succeeded' });
});

test('an offer that could never run is rejected; a withdrawn one is not accepted', async () => {
  const { peer } = await yard.pair({ go: false });
  peer.offer({ task: 1, amounts: amounts(1, { gpu: 1 }) }, { task: 2, kind: 'print' });
  expect(await peer.got('decline', 1)).toMatchObject({ how: 'reject', why: expect.stringContaining('gpu 1 (has 0)') });
  expect(await peer.got('decline', 2)).toMatchObject({ how: 'reject' });
  peer.run({ task: 3, amounts: amounts(4), ...forever });
  peer.offer({ task: 4 }, { task: 5 });
  peer.say({ m: 'withdraw', task: 4 }, { m: 'kill', task: 3, attempt: 1 });
  await peer.got('accept', 5);
  // An accepted one may be withdrawn too: its room is free again.
  peer.say({ m: 'withdraw', task: 5 });
  peer.run({ task: 6, amounts: amounts(4) });
  expect(await peer.got('end', 6)).toMatchObject({ outcome: 'succeeded' });
  expect(peer.all('accept').map((message) => message.task)).toEqual([5]);
  peer.say({ m: 'go', task: 5, attempt: 1 });
  expect(await peer.got('give-back', 5)).toMatchObject({ how: 'free' });
});

test('gpu=1 shows one processor, no gpu none; two tasks never share one', async () => {
  const total = { slots: 4, cpus: 4, ramMb: 100, named: { gpu: 2 } };
  const { peer } = await yard.pair(
    {},
    { amounts: total, environment: { PATH: process.env.PATH, CUDA_VISIBLE_DEVICES: '3,5,6' } },
  );
  const show = sh('echo "[$CUDA_VISIBLE_DEVICES]"; exec sleep 60');
  peer.run({ task: 1, amounts: amounts(1, { gpu: 1 }), ...show }, { task: 2, amounts: amounts(1, { gpu: 1 }), ...show });
  peer.run({ task: 3, amounts: amounts(1), ...show }, { task: 4, amounts: amounts(1, { gpu: 1 }), ...show });
  await peer.until(() => [1, 2, 3].every((task) => peer.output(task).endsWith('\n')));
  expect([1, 2, 3].map((task) => peer.output(task))).toEqual(['[3]\n', '[5]\n', '[]\n']);
  expect(await peer.got('give-back', 4)).toMatchObject({ how: 'defer' });
});
