import type { Logger } from 'pino';
import { readTokenFile } from '../auth/token-file.ts';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import { defaultDataDir } from '../config/data-dir.ts';
import type { Settings } from '../config/options.ts';
import type { Task } from '../domain/task.ts';
import type { Setup } from '../doors/api/deps.ts';
import { linkPath } from '../doors/api/rows/session.ts';
import type { Door } from '../doors/kit/door.ts';
import { type Listener, type OpenPort, openListener } from '../doors/kit/listener.ts';
import type { OpenPart } from '../doors/kit/openness.ts';
import type { Forbidden } from '../doors/kit/serve-row.ts';
import type { TlsMaterial } from '../doors/kit/tls-gate.ts';
import { Traffic } from '../doors/kit/traffic.ts';
import { clientConfig } from '../doors/kueue/config.ts';
import type { KueueOptions } from '../doors/kueue/door.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { type RetentionRules, startRetention } from '../engine/retention.ts';
import { createFigures, type Figures } from '../observe/figures.ts';
import { createHealth } from '../observe/health.ts';
import { createHistory, type History } from '../observe/history.ts';
import { buildDoors } from './build-doors.ts';
import { Closers } from './closers.ts';
import { prepareDataDir } from './data-dir.ts';
import { kueueOptions } from './kueue-options.ts';
import type { LocalWorker } from './local-worker.ts';
import { openYardAccess } from './open-access.ts';
import { openYardSchedules, openYardWebhooks } from './open-clockwork.ts';
import { openConcierge } from './open-concierge.ts';
import { openDnaforge } from './open-dnaforge.ts';
import { openFlamenco } from './open-flamenco.ts';
import { openPrinterlynx } from './open-printerlynx.ts';
import { openStorage, type Storage } from './open-storage.ts';
import { readTls, tlsFilesOf, watchTls } from './open-tls.ts';
import { openWorker } from './open-worker.ts';
import { showPrintPictures } from './print-pictures.ts';
import { realClock as clock, realRandom as random } from './real-clock.ts';
import { removeServerRecord, writeServerRecord } from './server-record.ts';
import { createSetup, type SetupParts } from './setup.ts';
import { version } from './version.ts';
import { diskFigures, readinessLooks } from './watch-disk.ts';
import { replaceFile } from './write-file.ts';

export type ServerSettings = Settings & { readonly data: string };

export interface ServerDeps {
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where each setting came from. */
  readonly origins?: SetupParts['origins'];
}

export interface RunningServer {
  readonly version: string;
  readonly url: string;
  readonly urls: readonly string[];
  readonly data: string;
  /** DATA where nobody names one. */
  readonly defaultData: string;
  readonly doors: readonly Door[];
  readonly ownPorts: readonly OpenPort[];
  readonly warnings: readonly string[];
  readonly adminToken: { readonly path: string; readonly made: boolean };
  readonly localWorker: { readonly pid: number | null; readonly adopted: boolean; readonly slots: number } | null;
  /** One-time link for a browser of this machine; null: nobody is there to stand behind it. */
  readonly link: string | null;
  /** What answers without a secret, to whom and why. */
  readonly openness: readonly OpenPart[];
  readonly tls: boolean;
  /** Reads the certificate anew (SIGHUP). */
  reload(): Promise<void>;
  /** Settles when the server cannot go on. */
  readonly failed: Promise<Error>;
  /** In reverse order of the start; bounded. Idempotent. */
  stop(): Promise<void>;
}

/** Builds everything in one order and closes it in the reverse one. Throws `StartRefused` or `PortTaken`. */
export async function startServer(settings: ServerSettings, deps: ServerDeps): Promise<RunningServer> {
  const closers = new Closers();
  const stop = (): Promise<void> =>
    closers.close((part, cause) => deps.log.error({ part, err: String(cause) }, 'server:close-failed'));
  try {
    return { ...(await build(settings, deps, closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  settings: ServerSettings,
  { log, env, origins = {} }: ServerDeps,
  closers: Closers,
): Promise<Omit<RunningServer, 'stop'>> {
  const tlsFiles = tlsFilesOf(settings);
  const material = tlsFiles === null ? null : await readTls(tlsFiles, log);
  const paths = await prepareDataDir(settings.data);
  const failed = Promise.withResolvers<Error>();
  const figures = createFigures(clock);
  const history = createHistory(clock);
  closers.add('history', async () => history.close());
  const watch = { monotonic: clock.monotonic, batch: figures.batch };
  const storage = await openStorage(settings, paths, closers, { log, onFatal: failed.resolve, watch });
  const { secrets, tokens } = storage;
  const engine = await openEngine(settings, storage, closers, { log, figures, history });

  const health = createHealth(clock, readinessLooks(paths, storage.store.records, clock));
  const traffic = new Traffic();
  const seen = { figures, traffic: () => traffic.read(), disk: () => diskFigures(paths, storage.blobs) };
  const access = await openYardAccess(settings, { storage, engine, log }, closers);
  const schedules = await openYardSchedules(settings, { storage, engine, access, log }, closers);
  const webhooks = await openYardWebhooks(settings, { storage, engine, access, log }, closers);
  const kueue = settings['kueue.enabled']
    ? await kueueOptions(settings, { clientFile: paths.kueueClient, secrets, random })
    : null;
  const concierge = await openConcierge(settings, paths.clientFiles, closers);
  const flamenco = await openFlamenco(settings, { secrets, random });
  const dnaforge = await openDnaforge(settings, { records: storage.store.records, log }, closers);
  const printerlynx = await openPrinterlynx(settings, { records: storage.store.records, secrets, note: access.note });
  const tlsOf = (): ReturnType<Setup['tls']> => tlsFacts(listener);
  const setup = (doors: () => readonly Door[]): Setup => createSetup(settings, { secrets, doors, origins, tls: tlsOf });
  const doors = buildDoors(
    settings,
    { engine, auth: access.auth, clock, random, log },
    { access, schedules, webhooks, setup, health, seen, history, kueue, concierge, dnaforge, flamenco, printerlynx },
  );

  const forbidden: Forbidden = (by, what) => access.note({ by, command: 'request', subject: what, refusal: 'forbidden' });
  const listener = await listen(settings, doors, material, { log, traffic, forbidden });
  closers.add('listener', () => listener.close());
  const tls = tlsFiles === null || material === null ? null : watchTls(tlsFiles, material, renewWith(listener), { clock, log });
  if (tls !== null) closers.add('TLS files', () => tls.close());
  flamenco?.listening(listener);
  if (kueue !== null) await replaceFile(paths.kueueClient, clientConfig(kueuePlace(kueue, listener)));
  const server = localUrl(listener.url);
  await writeServerRecord(paths.server, { url: server, pid: process.pid });
  closers.add('server.json', () => removeServerRecord(paths.server, process.pid));

  const worker = await openWorker(settings, { paths: paths.localWorker, tokens, log, env, server });
  if (worker !== null) closers.add('local worker', () => worker.stop());
  health.ready();
  closers.add('readiness', () => health.unready('The server is stopping'));
  const { url, urls, ownPorts, warnings } = listener;
  const admin = (await readTokenFile(tokens, paths.adminToken)).value ?? null;
  return {
    ...{ version, url, urls, ownPorts, warnings, doors },
    link: admin === null ? null : `${server}${linkPath(access.codes.create(admin.principal))}`,
    openness: setup(() => doors).openness(),
    tls: listener.tls !== null,
    reload: async () => tls?.reload(),
    data: settings.data,
    defaultData: defaultDataDir(env),
    adminToken: { path: paths.adminToken, made: storage.madeAdmin },
    localWorker: worker === null ? null : { ...facts(worker), slots: settings['local-worker-slots'] },
    failed: failed.promise,
  };
}

function tlsFacts({ tls }: Pick<Listener, 'tls'>): ReturnType<Setup['tls']> {
  return { on: tls !== null, only: tls?.only ?? false, expiresAt: tls?.expiresAt ?? null };
}

function facts({ pid, adopted }: LocalWorker): Pick<LocalWorker, 'pid' | 'adopted'> {
  return { pid, adopted };
}

async function openEngine(
  settings: Settings,
  storage: Storage,
  closers: Closers,
  { log, figures, history }: { log: Logger; figures: Figures; history: History },
): Promise<Engine> {
  const { store, blobs, logFiles, images } = storage;
  const onError = (cause: unknown, subject: string): void => log.error({ subject, err: String(cause) }, 'bus:listener-failed');
  const bus = createMemoryBus({ clock, onError });
  closers.add('bus', () => bus.close());
  const began = (task: Task): void => {
    figures.began(task);
    history.began(task);
  };
  const { fairness } = settings;
  const { engine, close } = await createEngine({ store, bus, blobs, logFiles, images, clock, random, log, began, fairness });
  closers.add('engine', close);
  history.watch(engine);
  const failed = (cause: unknown): void => log.error({ err: String(cause) }, 'retention:failed');
  const retention = startRetention({ store, engine, blobs, logFiles, clock, rules: rulesOf(settings), failed });
  closers.add('retention', () => retention.close());
  const pictures = showPrintPictures(engine, (cause) => log.error({ err: String(cause) }, 'pictures:failed'));
  closers.add('pictures of prints', () => pictures.close());
  return engine;
}

const day = 86_400_000;

function rulesOf(settings: Settings): RetentionRules {
  return {
    changesMs: settings['retention.changes'],
    changesCount: settings['retention.changes-count'],
    auditMs: settings['retention.audit'],
    auditCount: settings['retention.audit-count'],
    idempotencyMs: day,
    jobsMs: settings['retention.jobs'],
    jobsCount: settings['retention.jobs-count'],
    logsMs: settings['retention.logs'],
    logsBytes: settings['retention.logs-size'],
    filesMs: settings['retention.files'],
  };
}

const renewWith =
  ({ tls }: Listener) =>
  (material: TlsMaterial): string | null =>
    tls?.renew(material) ?? null;

function listen(
  settings: Settings,
  doors: readonly Door[],
  material: TlsMaterial | null,
  deps: { log: Logger; traffic: Traffic; forbidden: Forbidden },
): Promise<Listener> {
  const limits = {
    connections: settings['limits.connections'],
    perAddress: settings['limits.connections-per-address'],
    // Doors say good-bye, then what is left is drained: each may take half of it.
    goodByeMs: settings['stop-timeout'] / 2,
  };
  const names = { publicHosts: settings['public-hosts'], allowedOrigins: settings['allowed-origins'] };
  const tls = material === null ? null : { material, only: settings['tls-only'] };
  return openListener({ doors, hosts: settings.host, port: settings.port, ...names, tls, limits }, { clock, ...deps });
}

/** What Kueue's programs must be told: the port that was really bound. */
function kueuePlace({ secret }: KueueOptions, { ownPorts, port, url }: Listener): Parameters<typeof clientConfig>[0] {
  const own = ownPorts.find(({ door }) => door === 'kueue');
  return own === undefined ? { secret, host: new URL(url).hostname, port } : { secret, host: own.host, port: own.port };
}

/** Where a process of this machine finds the server. */
function localUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
