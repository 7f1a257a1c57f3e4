import { join } from 'node:path';
import {
  type ConciergeDoor,
  type ConciergeOptions,
  conciergeDefaults,
  createConciergeDoor,
} from '../../../src/doors/concierge/door.ts';
import type { ConciergeLimits } from '../../../src/doors/concierge/limits.ts';
import type { Door, DoorDeps } from '../../../src/doors/kit/door.ts';
import { FirstFrames } from '../../../src/doors/kit/first-frames.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { openClientFiles } from '../../../src/files/client-files.ts';
import { openStaticFiles } from '../../../src/files/static-files.ts';
import { compile } from '../../../src/kinds/index.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { tempDir } from '../../lib/temp-dir.ts';
import { until } from '../../lib/until.ts';

export interface Place extends AsyncDisposable {
  readonly port: number;
  readonly ownPort: number | null;
  readonly door: ConciergeDoor;
  readonly clock: FakeClock;
  readonly lines: readonly LogLine[];
  readonly firstFrames: FirstFrames;
  /** Where clients' files are. */
  readonly dir: string;
  connections(): number;
  close(): Promise<void>;
}

export interface PlaceOptions {
  readonly door?: Partial<ConciergeOptions>;
  readonly limits?: Partial<ConciergeLimits>;
  readonly deps?: Partial<DoorDeps>;
  /** A folder with the viewer. */
  readonly viewer?: string;
  readonly others?: readonly Door[];
  readonly seed?: number;
}

/** The door on a real socket, with a clock that the test turns. */
export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const clock = createFakeClock();
  const { log, lines } = keptLog();
  const dir = await tempDir();
  const limits = { ...options.limits };
  const files = await openClientFiles({
    dir: join(dir.path, 'files'),
    clock,
    fileBytes: limits.fileBytes ?? 100_000,
    folderBytes: limits.clientFileBytes ?? 200_000,
    folderFiles: limits.filesPerClient ?? 20,
  });
  const viewer = options.viewer === undefined ? null : await openStaticFiles(options.viewer);
  const firstFrames = new FirstFrames();
  const auth = { token: async () => null, throttled: () => false, failed: () => {} };
  const random = createSeededRandom(options.seed ?? 5);
  const deps: DoorDeps = { engine: {} as Engine, auth, clock, random, log, ...options.deps };
  const door = createConciergeDoor(
    { ...deps, files, viewer, firstFrames, compile },
    { ...conciergeDefaults, ...options.door, limits: { fileBytes: 100_000, clientFileBytes: 200_000, ...limits } },
  );
  const doors = [door, ...(options.others ?? [])];
  const listener: Listener = await openListener({ doors, hosts: ['127.0.0.1'], port: 0 }, { clock, log });
  let closing: Promise<void> | null = null;
  async function shut(): Promise<void> {
    let closed = false;
    const done = listener.close().then(() => (closed = true));
    // What does not end by itself is cut off in time.
    await until(() => closed || listener.connections() === 0 || clock.pending > 0);
    await clock.advance(60_000);
    await done;
    await dir.remove();
  }
  const place: Place = {
    port: listener.port,
    ownPort: listener.ownPorts[0]?.port ?? null,
    door,
    clock,
    lines,
    firstFrames,
    dir: dir.path,
    connections: () => listener.connections(),
    close: () => {
      closing ??= shut();
      return closing;
    },
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}
