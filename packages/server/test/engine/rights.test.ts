import { describe, expect, it } from 'vitest';
import { type Principal, type Right, rights } from '../../src/domain/principal.ts';
import { type CommandName, commandTable } from '../../src/engine/commands.ts';
import { compile } from '../../src/kinds/index.ts';
import { does, shell } from './lib/ask.ts';
import { admin, connect, ok, openYard, settle, submit, submitter } from './lib/yard.ts';

const names = Object.keys(commandTable) as CommandName[];
const without = (right: Right): Principal => ({ ...admin, rights: rights.filter((one) => one !== right) });

describe('every command', () => {
  it.each(names)('%s is refused without its right, and reaches nothing', async (name) => {
    await using yard = await openYard({ procedures: {} });
    const { refusal } = await yard.engine.command(without(commandTable[name].right), name, {} as never);
    expect(refusal).toMatchObject({ code: 'forbidden' });
    // With it, it does reach the (absent) procedure.
    expect((await yard.engine.command(admin, name, {} as never)).refusal?.code).toBe('internal');
  });
});

describe('audit', () => {
  const audited = names.filter((name) => commandTable[name].audited);
  const trail = async (yard: Awaited<ReturnType<typeof openYard>>) =>
    ok(await yard.engine.query.audit(admin, { limit: 1_000, cursor: null, order: 'asc' })).map(
      ({ name, command, subject, refusal }) => `${name} ${command} ${subject}${refusal === null ? '' : ` ${refusal}`}`,
    );

  it('says who did what to what', async () => {
    await using yard = await openYard();
    const worker = await connect(yard, { slots: 1 });
    const { job, taskIds } = await submit(yard, { spec: shell({ array: { from: 0, to: 1 } }) }, submitter);
    const [task] = taskIds as [number];
    await settle();
    await does(yard, 'suspend', { task });
    await does(yard, 'resume', { task });
    await does(yard, 'holdTask', { task: task + 1 }, submitter);
    await does(yard, 'releaseTask', { task: task + 1 }, submitter);
    await does(yard, 'hold', { job: job.id }, submitter);
    await does(yard, 'release', { job: job.id }, submitter);
    await does(yard, 'setPriority', { job: job.id, priority: 1 }, submitter);
    await does(yard, 'stop', { task, goal: 'canceled', reason: 'user', kill: true }, submitter);
    await worker.end(task, 'failed');
    await settle();
    await does(yard, 'retryTask', { task }, submitter);
    await does(yard, 'cancel', { job: job.id, kill: true }, submitter);
    await does(yard, 'retry', { job: job.id }, submitter);
    await does(yard, 'delete', { job: job.id }, submitter);
    const none = { states: [], kinds: null, oneTask: false, endedBefore: 0, limit: 1 };
    await does(yard, 'clean', none);
    await does(yard, 'setPool', { name: 'p', total: 1 });
    await does(yard, 'wish', { worker: worker.id, mode: 'asleep', lazy: true });
    await does(yard, 'tell', { worker: worker.id, message: 'x' });
    const other = await submit(yard, {});
    await does(yard, 'block', { job: other.job.id, worker: worker.id, kind: 'shell', requeue: false });
    await does(yard, 'forgive', { job: other.job.id, worker: null, kind: null });
    await does(yard, 'setTags', { worker: worker.id, tags: ['files'] });
    await yard.engine.command(admin, 'gate', { worker: worker.id, event: 'remove' });
    await yard.engine.command(admin, 'approve', { worker: worker.id });
    await does(yard, 'forget', { worker: worker.id, force: true });
    const lines = await trail(yard);
    expect(lines).toEqual([
      'ada submit job 1',
      'admin suspend task 1',
      'admin resume task 1',
      'ada holdTask task 2',
      'ada releaseTask task 2',
      'ada hold job 1',
      'ada release job 1',
      'ada setPriority job 1',
      'ada stop task 1',
      'ada retryTask task 1',
      'ada cancel job 1',
      'ada retry job 1',
      'ada delete job 1',
      'admin clean ',
      'admin setPool pool p',
      'admin wish worker 1',
      'admin tell worker 1',
      'admin submit job 2',
      'admin block job 2',
      'admin forgive job 2',
      'admin setTags worker 1',
      'admin gate worker 1',
      'admin approve worker 1 wrong_state',
      'admin forget worker 1',
    ]);
    const seen = new Set(lines.map((line) => line.split(' ')[1]));
    expect(audited.filter((name) => !seen.has(name))).toEqual([]);
  });

  it('keeps refusals too, and nothing else of them', async () => {
    await using yard = await openYard({ onDisk: true });
    const plan = ok(compile({ spec: shell({ needs: { pools: { nix: 1 } } }) } as never));
    expect((await yard.engine.submit(submitter, plan)).refusal?.code).toBe('unknown_pool');
    await yard.engine.command(submitter, 'cancel', { job: 7, kill: true });
    expect(await trail(yard)).toEqual(['ada submit  unknown_pool', 'ada cancel job 7 not_found']);
    expect(yard.rows()).toMatchObject({ jobs: [], tasks: [], tallies: [] });
  });

  it('what workers do is not in it, and only administrators read it', async () => {
    await using yard = await openYard();
    await connect(yard);
    expect(await trail(yard)).toEqual([]);
    const { refusal } = await yard.engine.query.audit(submitter, { limit: 1, cursor: null, order: 'asc' });
    expect(refusal?.code).toBe('forbidden');
  });
});
