import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@switchyard/sdk/client/client.ts';
import { expect, it } from 'vitest';
import { Yard } from '../system/lib/yard.ts';

interface Taken {
  readonly id: number;
  readonly at: number;
}

const count = 60;

it('a backup made under load holds all that was acknowledged before it began, and the restored server goes on with it', async () => {
  const yard = await Yard.forTest();
  await yard.start(['--local-worker-slots', '2', '--log-cap', '64KiB']);
  const client = await yard.client();
  const bytes = randomBytes(300_000);
  const sha = createHash('sha256').update(bytes).digest('hex');
  const { blob } = await client.files.upload(bytes);
  expect(blob).toBe(sha);
  // One that has ended with an artifact and a log that has a file of its own.
  const argv = ['sh', '-c', 'cp in out.bin; head -c 100000 /dev/zero | tr "\\\\0" x; echo end'];
  const { job: ended } = await client.jobs.submit({ spec: { argv, inputs: [{ path: 'in', blob }], outputs: ['out.bin'] } });
  expect((await client.jobs.wait(ended.id)).state).toBe('succeeded');
  // One that runs all the time, and a crowd that waits.
  const { job: running } = await client.jobs.submit({ spec: { argv: ['sh', '-c', 'while :; do echo tick; sleep 0.01; done'] } });

  const taken: Taken[] = [];
  let loading = true;
  const load = (async () => {
    for (let i = 0; loading || i < count; i++) {
      const { job } = await client.jobs.submit({ name: `load-${i}`, spec: { argv: ['sh', '-c', `echo load-${i}`] } });
      taken.push({ id: job.id, at: Date.now() });
    }
  })();
  while (taken.length < count / 3) await new Promise((resolve) => setImmediate(resolve));
  const began = Date.now();
  const target = join(yard.dir.path, 'backups');
  const made = await yard.cli(['backup', target, '--json']);
  expect([made.code, made.err]).toEqual([0, '']);
  expect(JSON.parse(made.out).warnings).toEqual([]);
  loading = false;
  await load;
  const before = taken.filter(({ at }) => at < began);
  expect(before.length).toBeGreaterThan(0);
  expect((await yard.cli(['restore', target, '--force'])).err).toContain('A server uses');
  await yard.stop();

  const again = join(yard.dir.path, 'again');
  const restored = await yard.cli(['restore', target, '--data', again]);
  expect([restored.code, restored.err]).toEqual([0, '']);
  // On a port of its own, with a local worker that knows nothing of the old one.
  const child = yard.begin([
    'serve',
    '--data',
    again,
    '--port',
    String(await freePort()),
    '--json',
    '--no-kueue-enabled',
    '--local-worker-slots',
    '4',
    '--log-level',
    'error',
  ]);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  const { readFile } = await import('node:fs/promises');
  const token = (await readFile(join(again, 'admin.token'), 'utf8')).trim();
  const second = createClient({ server: url, token });

  expect((await second.jobs.show(running.id)).state).toBe('active');
  await second.jobs.cancel(running.id, { kill: true });
  for (const { id } of before) expect([id, (await second.jobs.wait(id)).state]).toEqual([id, 'succeeded']);
  const [artifact] = await second.tasks.artifacts(ended.firstTask);
  expect(artifact).toMatchObject({ path: 'out.bin', blob: sha });
  const log = await yard.cli(['logs', String(ended.id), '--data', again, '--server', url]);
  expect(log.out.endsWith('xend\n')).toBe(true);
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  expect(((await exit) as [number])[0]).toBe(0);
}, 60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
