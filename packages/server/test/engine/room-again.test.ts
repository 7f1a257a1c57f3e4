import { expect, it } from 'vitest';
import { connect, ok, openYard, settle, submit, workerPrincipal } from './lib/yard.ts';

it('a task handed back for want of room is given again when the worker describes itself anew', async () => {
  await using yard = await openYard();
  const worker = await connect(yard, { slots: 1 });
  const [task] = (await submit(yard, {})).taskIds as [number];
  await settle();
  const { session } = worker;
  const handedBack = { task, session, attempt: 1, how: 'defer', why: 'no room just now' } as const;
  ok(await yard.engine.command(workerPrincipal, 'giveBack', handedBack));
  await settle();
  expect(worker.got.length).toBe(1);
  // What `info` of our own worker becomes: no numbers, only its description.
  const about = { reported: null, total: null, info: { host: 'here' }, mode: null, seenAt: null };
  ok(await yard.engine.command(workerPrincipal, 'refresh', { worker: worker.id, session, ...about }));
  await settle();
  expect(worker.got.map((one) => one.task.id)).toEqual([task, task]);
});
