import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Access } from '../auth/open-access.ts';
import { createTokenAdmin } from '../auth/token-admin.ts';
import type { Settings } from '../config/options.ts';
import type { Hub, Setup } from '../doors/api/deps.ts';
import { createApiDoor } from '../doors/api/door.ts';
import { createConciergeDoor } from '../doors/concierge/door.ts';
import { createDnaforgeDoor } from '../doors/dnaforge/door.ts';
import { createFlamencoDoor } from '../doors/flamenco/door.ts';
import type { Door, DoorDeps } from '../doors/kit/door.ts';
import { FirstFrames } from '../doors/kit/first-frames.ts';
import { createKueueDoor, type KueueOptions } from '../doors/kueue/door.ts';
import { createPrinterlynxDoor } from '../doors/printerlynx/door.ts';
import { openStaticFiles } from '../files/static-files.ts';
import { kinds } from '../kinds/index.ts';
import { availableOptions } from '../kinds/oxdna/available.ts';
import { defaultStages } from '../kinds/oxdna/defaults.ts';
import type { Health } from '../observe/health.ts';
import type { History } from '../observe/history.ts';
import type { Metrics, MetricsSources } from '../observe/metrics.ts';
import type { StaticFiles } from '../ports/static-files.ts';
import type { Schedules } from '../schedules/open-schedules.ts';
import type { Webhooks } from '../webhooks/open-webhooks.ts';
import { compileWith } from './compile-with.ts';
import type { ConciergeParts } from './open-concierge.ts';
import type { DnaforgeParts } from './open-dnaforge.ts';
import type { FlamencoParts } from './open-flamenco.ts';
import type { PrinterlynxParts } from './open-printerlynx.ts';
import { version } from './version.ts';

export interface DoorParts {
  readonly access: Access;
  readonly schedules: Schedules;
  readonly webhooks: Webhooks;
  readonly setup: (doors: () => readonly Door[]) => Setup;
  readonly health: Health;
  /** What metrics tell beside what they ask the engine. */
  readonly seen: Pick<MetricsSources, 'figures' | 'traffic' | 'disk'>;
  readonly history: History;
  /** Null: the door is switched off. */
  readonly kueue: KueueOptions | null;
  readonly concierge: ConciergeParts | null;
  readonly dnaforge: DnaforgeParts | null;
  readonly flamenco: FlamencoParts | null;
  readonly printerlynx: PrinterlynxParts | null;
}

/** Every door of this server. The listener knows none of them by name. */
export function buildDoors(settings: Settings, shared: DoorDeps, parts: DoorParts): readonly Door[] {
  const doors: Door[] = [];
  const startedAt = shared.clock.now();
  let metrics: Promise<Metrics> | null = null;
  let page: Promise<StaticFiles | null> | null = null;
  let hub: Hub | null = null;
  const compile = compileWith(shared.engine, shared.clock, { commandLines: settings['flamenco.exec'] });
  doors.push(
    createApiDoor({
      ...shared,
      compile,
      kinds,
      tokens: createTokenAdmin(parts.access.tokens, parts.access.note),
      access: parts.access,
      ...(parts.printerlynx === null ? {} : { agents: parts.printerlynx.agents }),
      schedules: parts.schedules,
      webhooks: parts.webhooks,
      setup: parts.setup(() => doors),
      doors: () => doors,
      about: { version, startedAt, workerFile, page: () => (page ??= openPage()) },
      metrics: async () => {
        metrics ??= openMetrics(shared, parts, () => doors, startedAt);
        return (await metrics).read();
      },
      history: parts.history,
      hub: () => hub,
      notReady: parts.health.notReady,
      limits: {
        submitBytes: settings['limits.submit-size'],
        blobBytes: settings['blob-max'],
        sessionMs: settings['session-time'],
      },
      allowedOrigins: settings['allowed-origins'],
    }),
  );
  if (parts.kueue !== null) doors.push(createKueueDoor(shared, parts.kueue));
  // Doors that share the address `/ws` are told apart by what their clients say first; each later one adds its claim.
  const firstFrames = new FirstFrames();
  const { concierge } = parts;
  if (concierge !== null) {
    const { files, viewer, options } = concierge;
    const door = createConciergeDoor({ ...shared, compile, files, viewer, firstFrames }, options);
    hub = door;
    doors.push(door);
  }
  const { dnaforge } = parts;
  if (dnaforge !== null) {
    const stages = { available: availableOptions, defaults: defaultStages };
    doors.push(createDnaforgeDoor({ ...shared, compile, ...stages, visitors: dnaforge.visitors }, dnaforge.options));
  }
  if (parts.flamenco !== null) doors.push(createFlamencoDoor(shared, parts.flamenco.options));
  const { access, printerlynx } = parts;
  if (printerlynx !== null) {
    const { agents, mark, options } = printerlynx;
    const known = { accounts: access.accounts, agents, mark, onEnded: access.onEnded, principalNow: access.principalNow };
    doors.push(createPrinterlynxDoor({ ...shared, ...known, compile, firstFrames }, options));
  }
  return doors;
}

/** Loaded when somebody scrapes for the first time. */
async function openMetrics(
  { engine, clock }: DoorDeps,
  { seen, health: { notReady } }: DoorParts,
  doors: () => readonly Door[],
  startedAt: number,
): Promise<Metrics> {
  const { createMetrics } = await import('../observe/metrics.ts');
  return createMetrics({ engine, clock, doors, version, startedAt: startedAt / 1_000, notReady, ...seen });
}

/** Built by the root's `prepare` script; null where that has not run. */
function workerFile(): Promise<Uint8Array | null> {
  return readFile(new URL('../../../worker/dist/worker.mjs', import.meta.url)).catch(() => null);
}

/** As above; opened when the first browser comes. */
function openPage(): Promise<StaticFiles | null> {
  return openStaticFiles(fileURLToPath(new URL('../../../dashboard/dist', import.meta.url))).catch(() => null);
}
