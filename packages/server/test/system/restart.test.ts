import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { gather, Yard } from './lib/yard.ts';

describe('a server that is killed and started again', () => {
  it('loses nothing: the job goes on, its output is whole, the waiting command gets its exit code', async () => {
    const yard = await Yard.forTest();
    await yard.start();
    const go = join(yard.dir.path, 'go');
    const script = `echo "ran $SWITCHYARD_ATTEMPT" >> effects; echo before; until [ -e ${go} ]; do sleep 0.05; done; echo after; exit 7`;
    const child = yard.begin(['run', '-q', '--', 'sh', '-c', script]);
    const out = gather(child.stdout);
    await until(() => out().includes('before'));
    await yard.kill();
    await yard.start();
    const ended = yard.finish(child);
    await (await import('node:fs/promises')).writeFile(go, '');
    expect((await ended).code).toBe(7);
    expect(out()).toBe('before\nafter\n');
    // The worker outlived the server: it ran once.
    expect(await readFile(join(yard.dir.path, 'effects'), 'utf8')).toBe('ran 1\n');
  }, 60_000);

  it('hands tasks back on an orderly stop, and runs them after the next start', async () => {
    const yard = await Yard.forTest();
    await yard.start();
    const script = 'echo x >> ran; sleep 1000';
    const id = (await yard.cli(['submit', '--', 'sh', '-c', script])).out.trim();
    const ran = async (): Promise<number> => (await readFile(join(yard.dir.path, 'ran'), 'utf8').catch(() => '')).length / 2;
    await until(async () => (await ran()) === 1);
    expect(await yard.stop()).toBe(0);
    expect((await readdir(yard.data)).includes('local-worker.json')).toBe(false);
    await yard.start();
    await until(async () => (await ran()) === 2);
    const client = await yard.client();
    const { tasks } = await client.jobs.tasks(Number(id));
    expect(tasks[0]).toMatchObject({ losses: 0, failures: 0 });
    await client.jobs.cancel(Number(id), { kill: true });
    expect((await client.jobs.wait(Number(id))).state).toBe('canceled');
  }, 60_000);
});
