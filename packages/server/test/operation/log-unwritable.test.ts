import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Yard } from '../system/lib/yard.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const log = fileURLToPath(new URL('../../src/observe/log.ts', import.meta.url));
/** Linux has a disk that is always full. */
const full = '/dev/full';

it.skipIf(!existsSync(full))('a server whose log cannot be written goes on', () => {
  const script = `const { createLog } = await import(${JSON.stringify(log)}); const log = createLog('info');
    for (let i = 0; i < 20_000; i++) log.info({ i, text: 'x'.repeat(200) }, 'event'); setImmediate(() => process.stdout.write('alive'));`;
  const fd = openSync(full, 'w');
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', fd],
  });
  closeSync(fd);
  expect([status, stdout.toString()]).toEqual([0, 'alive']);
});

it.skipIf(!existsSync(full))(
  'so does a worker, and its tasks end well',
  async () => {
    const yard = await Yard.forTest();
    const { url } = await yard.start(['--no-local-worker']);
    expect((await yard.cli(['token', 'create', 'w', '--role', 'worker', '--to', 'w.token'])).code).toBe(0);
    const fd = openSync(full, 'w');
    const args = [
      main,
      'worker',
      '--server',
      url,
      '--token-file',
      `${yard.dir.path}/w.token`,
      '--work',
      `${yard.dir.path}/w`,
      '--slots',
      '1',
    ];
    const worker = spawn(process.execPath, args, {
      stdio: ['ignore', fd, fd],
      env: { PATH: process.env['PATH'] ?? '', HOME: yard.dir.path },
    });
    closeSync(fd);
    const client = await yard.client();
    const { job } = await client.jobs.submit({ spec: { argv: ['echo', 'hi'] } });
    expect((await client.jobs.wait(job.id)).state).toBe('succeeded');
    expect(worker.exitCode).toBeNull();
    const gone = once(worker, 'exit');
    worker.kill('SIGTERM');
    expect((await gone)[0]).toBe(0);
  },
  60_000,
);
