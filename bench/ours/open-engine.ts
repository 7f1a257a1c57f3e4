import { join } from 'node:path';
import { realClock, realRandom } from '../../packages/server/src/app/real-clock.ts';
import { createMemoryBus } from '../../packages/server/src/bus/memory/memory-bus.ts';
import { createEngine } from '../../packages/server/src/engine/create-engine.ts';
import type { Engine } from '../../packages/server/src/engine/engine.ts';
import { openBlobs } from '../../packages/server/src/files/blobs.ts';
import { openLogFiles } from '../../packages/server/src/files/log-files.ts';
import type { Store } from '../../packages/server/src/ports/store.ts';
import { openSqliteStore } from '../../packages/server/src/store/sqlite/open.ts';

export interface OpenEngine {
  readonly engine: Engine;
  readonly store: Store;
  close(): Promise<void>;
}

const quiet = { info: () => {}, warn: console.warn, error: console.error };

/** The engine as the server builds it: threaded store, every commit flushed (unless told otherwise), real files. Without doors. */
export async function openEngine(folder: string, durability: 'full' | 'normal' = 'full'): Promise<OpenEngine> {
  const procedures = {
    url: new URL('../../packages/server/src/engine/procedures/index.ts', import.meta.url).href,
    export: 'procedures',
  };
  const fail = (error: Error): void => {
    throw error;
  };
  const file = join(folder, 'switchyard.db');
  const store = await openSqliteStore({ file, durability, mode: 'threaded', procedures, onFatal: fail });
  const clock = realClock;
  const bus = createMemoryBus({ clock, onError: console.error });
  const blobs = await openBlobs({ dir: join(folder, 'blobs'), quotaBytes: 1e10, maxBytes: 1e9, clock });
  const logFiles = await openLogFiles({ dir: join(folder, 'logs'), capBytes: 16_777_216, durability });
  const built = await createEngine({ store, bus, blobs, logFiles, clock, random: realRandom, log: quiet });
  return {
    engine: built.engine,
    store,
    async close() {
      await built.close();
      await store.close();
      await logFiles.close();
      await blobs.close();
      bus.close();
    },
  };
}
