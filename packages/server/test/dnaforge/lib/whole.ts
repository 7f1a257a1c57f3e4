import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWorker, type WorkerHandle } from '@switchyard/worker/start-worker.ts';
import { standIn } from '../../../../worker/test/lib/oxdna.ts';
import { type RunningServer, type ServerSettings, startServer } from '../../../src/app/start-server.ts';
import { resolveSettings } from '../../../src/config/settings.ts';
import { quietLog } from '../../lib/quiet-log.ts';
import { tempDir } from '../../lib/temp-dir.ts';

export interface Whole extends AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  /** What each start of the engine saw. */
  starts(): ReturnType<ReturnType<typeof standIn>['starts']>;
}

/** The whole product in this process, our worker too; only the engine is a program of its own: the stand-in with these faults. */
export async function openWhole(
  faults: Readonly<Record<string, string | number>> = {},
  options: { readonly slots?: number; readonly flags?: Readonly<Record<string, unknown>> } = {},
): Promise<Whole> {
  const dir = await tempDir();
  const data = join(dir.path, 'data');
  const work = join(dir.path, 'worker');
  const engine = standIn(dir.path, faults);
  const resolved = resolveSettings({ flags: {}, env: {}, file: null });
  const own = {
    port: 0,
    'local-worker': false,
    'kueue.enabled': false,
    host: ['127.0.0.1'],
    durability: 'normal',
    data,
    'stop-timeout': 200,
  };
  const settings = { ...resolved.settings, ...own, ...options.flags } as ServerSettings;
  const server: RunningServer = await startServer(settings, { log: quietLog, env: {} });
  mkdirSync(work);
  const token = readFileSync(server.adminToken.path, 'utf8').trim();
  const worker: WorkerHandle = startWorker({
    ...{ server: server.url, token: () => token, name: 'w', work },
    amounts: { slots: options.slots ?? 2, cpus: 8, ramMb: 8_000, named: {} },
    environment: { ...process.env, OXDNA_BIN: engine.file },
  });
  return {
    port: Number(new URL(server.url).port),
    folder: dir.path,
    starts: () => engine.starts(),
    async [Symbol.asyncDispose]() {
      worker.stop('now');
      await worker.closed;
      await server.stop();
      await dir.remove();
    },
  };
}
