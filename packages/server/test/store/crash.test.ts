import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { procedures } from '../suites/store-procedures.ts';
import { command } from '../suites/store-rows.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/** Runs commands in a process of its own until so many are acknowledged, then kills it in full flight. */
async function killedAfter(file: string, acknowledged: number): Promise<number> {
  const running = fork(child, [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  let highest = 0;
  running.on('message', (value) => {
    highest = Math.max(highest, value as number);
    if (highest >= acknowledged) running.kill('SIGKILL');
  });
  await once(running, 'exit');
  return highest;
}

test('S3 S5 a process killed in full flight loses nothing that it acknowledged, again and again', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const random = createSeededRandom('crash');
  let last = 0;
  for (let round = 0; round < 4; round += 1) {
    const acknowledged = await killedAfter(file, last + 50 + random.below(400));
    // The lock went with the process.
    const store = await openSqliteStore({ file, mode: 'inline', procedures });
    const [pool] = await store.query.pools();
    expect(pool!.used).toBeGreaterThanOrEqual(acknowledged);
    // The counter, the changes and the ids tell the same story: whole batches or nothing.
    const { newest } = await store.query.changesSince(0, 1);
    expect(newest).toBe(pool!.used);
    const { answers } = await store.run([command('add', { pool: 'a', tell: true })]);
    expect(answers).toEqual([{ answer: pool!.used + 1 }]);
    last = pool!.used + 1;
    await store.close();
  }
});
