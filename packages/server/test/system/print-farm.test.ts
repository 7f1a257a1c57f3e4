import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { describe, expect, it } from 'vitest';
import { Farm, part, printer, seen } from './lib/farm.ts';
import { Yard } from './lib/yard.ts';

const patience = 120_000;

async function open(names: readonly string[], speed: number) {
  const yard = await Yard.forTest();
  await yard.start(['--no-local-worker']);
  const client = await yard.client();
  const farm = new Farm(yard, names);
  await farm.start(client, speed);
  return { yard, client, farm };
}

async function file(yard: Yard, moves: number, cold = false): Promise<string> {
  const path = join(yard.dir.path, 'part.gcode');
  await writeFile(path, part(moves, cold));
  return path;
}

/** `switchyard print`, detached; the id of the job. */
async function queue(yard: Yard, ...argv: string[]): Promise<number> {
  const done = await yard.cli(['print', ...argv, '--detach']);
  expect(done.err).toBe('');
  return Number(done.out);
}

const counts = async (client: Client, job: number) => (await client.jobs.show(job)).counts;
const clear = async (yard: Yard, name: string): Promise<void> => {
  const { code, err } = await yard.cli(['printers', 'clear', name]);
  expect([code, err]).toEqual([0, '']);
};

describe('a print farm as processes', { timeout: patience }, () => {
  it('prints five copies on two printers, one for each time that somebody has cleared a plate', async () => {
    const { yard, client } = await open(['left', 'right'], 200);
    const job = await queue(yard, await file(yard, 20, true), '--copies', '5');
    for (const [at, name] of ['left', 'right', 'left', 'left', 'right'].entries()) {
      const before = await counts(client, job);
      expect([before.succeeded, before.running]).toEqual([at, 0]);
      await clear(yard, name);
      await seen(client, async () => (await counts(client, job)).succeeded === at + 1);
      await seen(client, async () => (await printer(client, name)).gate === 'closed');
    }
    expect((await client.jobs.show(job)).state).toBe('succeeded');
    const tasks = (await client.tasks.list({ job })).tasks.map(({ id }) => id);
    const byWhom = await Promise.all(
      tasks.map(async (id) => (await client.tasks.show(id)).attempts.map((one) => one.workerName)),
    );
    expect(byWhom.flat().sort()).toEqual(['left', 'left', 'left', 'right', 'right']);
  });

  it('lets one printer at a time heat up, and the next one when it is hot', async () => {
    const { yard, client } = await open(['left', 'right'], 60);
    await client.pools.set('heating', 1);
    for (const name of ['left', 'right']) await clear(yard, name);
    const job = await queue(yard, await file(yard, 20_000), '--copies', '2');
    await seen(client, async () => (await counts(client, job)).running === 1);
    expect((await client.jobs.why(job)).causes.map(({ code }) => code)).toContain('pool');
    await seen(client, async () => (await counts(client, job)).running === 2);
    const both = await client.printers.list();
    const [first] = both.toSorted((a, b) => Date.parse(a.print!.startedAt!) - Date.parse(b.print!.startedAt!));
    const { tool0, bed } = first!.live!.heaters;
    expect(tool0!.actual).toBeGreaterThanOrEqual(195);
    expect(bed!.actual).toBeGreaterThanOrEqual(55);
    await client.jobs.cancel(job, { kill: true });
    await seen(client, async () => (await counts(client, job)).canceled === 2);
    expect(await client.pools.list()).toEqual([{ name: 'heating', total: 1, used: 0 }]);
  });

  it('survives a server that is killed in mid-print: the print ends, its end is known, and the queue waits for the plate', async () => {
    const { yard, client, farm } = await open(['left'], 60);
    await clear(yard, 'left');
    const job = await queue(yard, await file(yard, 200, true), '--copies', '2');
    await seen(client, async () => ((await printer(client, 'left')).live?.job?.progress ?? 0) > 0.05);
    await yard.kill();
    await farm.said('print:ended');
    await yard.start(['--no-local-worker']);
    const after = await yard.client();
    await seen(after, async () => (await counts(after, job)).succeeded === 1);
    await seen(after, async () => (await printer(after, 'left')).state === 'uncleared');
    expect(await counts(after, job)).toMatchObject({ succeeded: 1, running: 0, ready: 1 });
    await clear(yard, 'left');
    await seen(after, async () => (await counts(after, job)).succeeded === 2);
  });

  it('ends a print truthfully whose agent was killed in the middle of it', async () => {
    const { yard, client, farm } = await open(['left'], 60);
    await clear(yard, 'left');
    const job = await queue(yard, await file(yard, 20_000));
    await seen(client, async () => ((await printer(client, 'left')).live?.job?.state ?? '') === 'printing');
    await farm.kill();
    await seen(client, async () => (await printer(client, 'left')).state === 'offline');
    expect((await counts(client, job)).running).toBe(1);
    await farm.start(client, 60);
    await seen(client, async () => (await counts(client, job)).failed === 1);
    await seen(client, async () => (await printer(client, 'left')).state === 'uncleared');
    expect((await printer(client, 'left')).live?.heaters['tool0']?.target).toBe(0);
  });

  it('starts at once where a person says so, and says why where it cannot; the emergency stop ends it', async () => {
    const { yard, client } = await open(['left'], 60);
    const path = await file(yard, 20_000);
    const job = await queue(yard, path, '--printer', 'left', '--now');
    expect((await counts(client, job)).running).toBe(1);
    const second = await yard.cli(['print', path, '--printer', 'left', '--now', '--detach']);
    expect(second.code).not.toBe(0);
    expect(second.err).toContain('left is busy');
    await seen(client, async () => ((await printer(client, 'left')).live?.job?.state ?? '') === 'printing');
    const moved = await yard.cli(['printers', 'send', 'left', 'G1 X0']);
    expect(moved.err).toContain('pause it before it is moved by hand');
    const stopped = await yard.cli(['printers', 'stop', 'left']);
    expect([stopped.code, stopped.err]).toEqual([0, '']);
    await seen(client, async () => (await counts(client, job)).failed === 1);
    const [task] = (await client.tasks.list({ job })).tasks;
    expect((await client.tasks.show(task!.id)).attempts.at(-1)?.error).toContain('Emergency stop');
  });

  it('refuses what is no G-code, names the line, and keeps nothing', async () => {
    const yard = await Yard.forTest();
    await yard.start(['--no-local-worker']);
    const path = join(yard.dir.path, 'bad.gcode');
    await writeFile(path, Buffer.concat([Buffer.from('G28\nG1 X1\n'), Buffer.from([0, 1, 2, 3])]));
    const done = await yard.cli(['print', path]);
    expect(done.code).not.toBe(0);
    expect(done.err).toContain('bad.gcode cannot be printed: line 3: it is not text');
    expect(await (await yard.client()).jobs.list()).toMatchObject({ jobs: [] });
  });
});
