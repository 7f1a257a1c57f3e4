import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { realClock, realRandom } from '../../packages/server/src/app/real-clock.ts';
import { conciergeDefaults, createConciergeDoor } from '../../packages/server/src/doors/concierge/door.ts';
import { FirstFrames } from '../../packages/server/src/doors/kit/first-frames.ts';
import { openListener } from '../../packages/server/src/doors/kit/listener.ts';
import type { Engine } from '../../packages/server/src/engine/engine.ts';
import { openClientFiles } from '../../packages/server/src/files/client-files.ts';
import { compile } from '../../packages/server/src/kinds/index.ts';

/** The Concierge door alone in its process, as the peers are; without limits of speed, which the peers have not. */
export async function createSwitchyardHub(): Promise<{ port: number; close(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-bench-hub-'));
  const log = pino({ level: 'error' });
  const shared = { clock: realClock, random: realRandom, log };
  const files = await openClientFiles({ dir, clock: realClock, fileBytes: 1e6, folderBytes: 1e6, folderFiles: 10 });
  const auth = { token: async () => null, throttled: () => false, failed: () => {} };
  const door = createConciergeDoor(
    // The engine is the built-in service's alone, and that one is off.
    { ...shared, auth, engine: {} as Engine, files, viewer: null, firstFrames: new FirstFrames(), compile },
    {
      ...conciergeDefaults,
      limits: { framesPerSecond: 0, bytesPerSecond: 0, clientsPerAddress: 20_000, queueBytes: 64 * 1_048_576 },
    },
  );
  const limits = { connections: 30_000, perAddress: 30_000 };
  const listener = await openListener({ doors: [door], hosts: ['127.0.0.1'], port: 0, limits }, shared);
  return {
    port: listener.port,
    async close() {
      await listener.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
