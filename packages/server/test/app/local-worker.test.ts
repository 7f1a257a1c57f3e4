import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { dataPaths, prepareDataDir } from '../../src/app/data-dir.ts';
import { type LocalWorker, startLocalWorker } from '../../src/app/local-worker.ts';
import { wantsWorker } from '../../src/app/open-worker.ts';
import { lives, markOf } from '../../src/app/process-mark.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { until } from '../lib/until.ts';

// Nobody listens there: the worker keeps trying, which is all that is needed here.
const server = 'http://127.0.0.1:9';

interface Yard {
  readonly dir: TempDir;
  readonly clock: FakeClock;
  readonly said: string[];
  start(at?: string): Promise<LocalWorker>;
}

const yards: { yard: Yard; workers: LocalWorker[] }[] = [];

afterEach(async () => {
  for (const { yard, workers } of yards.splice(0)) {
    for (const worker of workers) await worker.stop();
    await yard.dir.remove();
  }
});

async function yard(): Promise<Yard> {
  const dir = await tempDir();
  await prepareDataDir(dir.path);
  const paths = dataPaths(dir.path).localWorker;
  await writeFile(paths.token, 'swy_none', { mode: 0o600 });
  const workers: LocalWorker[] = [];
  const clock = createFakeClock();
  const said: string[] = [];
  const log = { info: (_: unknown, event: string) => said.push(event), warn: (_: unknown, event: string) => said.push(event) };
  const made: Yard = {
    dir,
    clock,
    said,
    async start(at = server) {
      const worker = await startLocalWorker(
        { paths, server: at, slots: 1, orphanAfterMs: 60_000, env: process.env },
        { clock, log },
      );
      workers.push(worker);
      return worker;
    },
  };
  yards.push({ yard: made, workers });
  return made;
}

/** Up to where it has its folder: from then on it is in full life. */
async function settled({ dir }: Yard): Promise<void> {
  await until(async () => (await readFile(dataPaths(dir.path).localWorker.log, 'utf8')).length > 0);
}

function pidOf(worker: LocalWorker): number {
  expect(worker.pid).not.toBeNull();
  return worker.pid!;
}

describe('whether there is one', () => {
  it.each([
    [null, ['127.0.0.1', '::1'], true],
    [null, ['127.0.0.1', '10.0.0.1'], false],
    [null, ['0.0.0.0'], false],
    [true, ['0.0.0.0'], true],
    [false, ['127.0.0.1'], false],
  ] as const)('asked for: %s, listening on %j: %s', (asked, host, wanted) => {
    expect(wantsWorker({ 'local-worker': asked, host })).toBe(wanted);
  });
});

describe('the local worker', () => {
  it('is a process of its own that ends with an orderly stop', async () => {
    const here = await yard();
    const worker = await here.start();
    const mark = markOf(pidOf(worker));
    await settled(here);
    expect(lives(mark)).toBe(true);
    await worker.stop();
    expect(lives(mark)).toBe(false);
  });

  it('is found again by the next server, and not started twice', async () => {
    const here = await yard();
    const first = await here.start();
    await settled(here);
    const second = await here.start();
    expect([second.adopted, second.pid]).toEqual([true, first.pid]);
    const mark = markOf(pidOf(first));
    await second.stop();
    expect(lives(mark)).toBe(false);
  });

  it('is replaced when it looks for a server at another address', async () => {
    const here = await yard();
    const first = await here.start();
    const mark = markOf(pidOf(first));
    await settled(here);
    const second = await here.start('http://127.0.0.1:10');
    expect(second.adopted).toBe(false);
    expect(second.pid).not.toBe(mark.pid);
    expect(lives(mark)).toBe(false);
  });

  it('does not take a reused process number for it', async () => {
    const here = await yard();
    const stranger = JSON.stringify({ pid: process.pid, start: 'another life', server });
    await writeFile(dataPaths(here.dir.path).localWorker.record, stranger);
    const worker = await here.start();
    expect(worker.adopted).toBe(false);
    expect(worker.pid).not.toBe(process.pid);
  });

  it('is started again when it dies, ever more slowly', async () => {
    const here = await yard();
    const worker = await here.start();
    const pids = [pidOf(worker)];
    for (const wait of [500, 1_000]) {
      await settled(here);
      process.kill(pidOf(worker), 'SIGKILL');
      await until(() => worker.pid === null);
      await here.clock.advance(wait - 1);
      expect(worker.pid).toBeNull();
      await here.clock.advance(1);
      await until(() => worker.pid !== null);
      pids.push(pidOf(worker));
    }
    expect(new Set(pids).size).toBe(3);
    expect(here.said.filter((event) => event === 'local-worker:died')).toHaveLength(2);
  });

  it('is not told the secrets of the server', async () => {
    const here = await yard();
    process.env['SWITCHYARD_KUEUE_SECRET'] = 'for the server alone';
    try {
      const pid = pidOf(await here.start());
      await settled(here);
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      expect(environment).not.toContain('for the server alone');
    } finally {
      delete process.env['SWITCHYARD_KUEUE_SECRET'];
    }
  });
});
