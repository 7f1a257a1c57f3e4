import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { createAuthenticator } from '../auth/authenticator.ts';
import { createFailureLimit } from '../auth/rate-limit.ts';
import { openSealedSecrets } from '../auth/sealed-secrets.ts';
import { createTokenAdmin } from '../auth/token-admin.ts';
import { createAdminTokenFile, createTokenFile, readTokenFile } from '../auth/token-file.ts';
import { createTokens, type Tokens } from '../auth/tokens.ts';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import { defaultDataDir } from '../config/data-dir.ts';
import type { Settings } from '../config/options.ts';
import { createApiDoor } from '../doors/api/door.ts';
import type { Door, DoorDeps } from '../doors/kit/door.ts';
import { isLoopback } from '../doors/kit/host-check.ts';
import { type Listener, type OpenPort, openListener } from '../doors/kit/listener.ts';
import { clientConfig } from '../doors/kueue/config.ts';
import { createKueueDoor, type KueueOptions } from '../doors/kueue/door.ts';
import { createEngine } from '../engine/create-engine.ts';
import { startRetention } from '../engine/retention.ts';
import { openBlobs } from '../files/blobs.ts';
import { openLogFiles } from '../files/log-files.ts';
import { compile, kinds } from '../kinds/index.ts';
import { Closers } from './closers.ts';
import { type DataPaths, prepareDataDir } from './data-dir.ts';
import { kueueOptions } from './kueue-options.ts';
import { type LocalWorker, startLocalWorker } from './local-worker.ts';
import { openStore } from './open-store.ts';
import { realClock, realRandom } from './real-clock.ts';
import { removeServerRecord, writeServerRecord } from './server-record.ts';
import { orRefuse } from './start-refused.ts';
import { version } from './version.ts';
import { replaceFile } from './write-file.ts';

export type ServerSettings = Settings & { readonly data: string };

export interface ServerDeps {
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
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
  readonly localWorker: (Pick<LocalWorker, 'pid' | 'adopted'> & { readonly slots: number }) | null;
  /** Settles when the server cannot go on. */
  readonly failed: Promise<Error>;
  /** In reverse order of the start; bounded. Idempotent. */
  stop(): Promise<void>;
}

const hour = 3_600_000;
const auditMs = 90 * 24 * hour;
const idempotencyMs = 24 * hour;

/** Builds everything, in this order, and closes it in the reverse one. Throws `StartRefused` or `PortTaken`. */
export async function startServer(settings: ServerSettings, deps: ServerDeps): Promise<RunningServer> {
  const closers = new Closers();
  const stop = (): Promise<void> =>
    closers.close((name, cause) => deps.log.error({ part: name, err: String(cause) }, 'server:close-failed'));
  try {
    return { ...(await build(settings, deps, closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(settings: ServerSettings, { log, env }: ServerDeps, closers: Closers): Promise<Omit<RunningServer, 'stop'>> {
  const paths = await prepareDataDir(settings.data);
  const failed = Promise.withResolvers<Error>();
  const store = await openStore(paths.database, settings.durability, failed.resolve);
  closers.add('store', () => store.close());

  const clock = realClock;
  const random = realRandom;
  const secrets = orRefuse(await openSealedSecrets({ records: store.records, random, keyFile: paths.secretKey }));
  const onError = (cause: unknown): void => log.warn({ err: String(cause) }, 'token:note-failed');
  const tokens = createTokens({ records: store.records, clock, random, onError });
  closers.add('tokens', () => tokens.close());
  const admin = orRefuse(await createAdminTokenFile(tokens, paths.adminToken, clock));

  const blobs = await openBlobs({
    dir: paths.blobs,
    quotaBytes: settings['blob-quota'],
    maxBytes: settings['blob-max'],
    clock,
  });
  closers.add('blobs', () => blobs.close());
  const logFiles = await openLogFiles({ dir: paths.logs, capBytes: settings['log-cap'], durability: settings.durability });
  closers.add('log files', () => logFiles.close());
  const bus = createMemoryBus({
    clock,
    onError: (cause, subject) => log.error({ subject, err: String(cause) }, 'bus:listener-failed'),
  });
  closers.add('bus', () => bus.close());

  const { engine, close: closeEngine } = await createEngine({ store, bus, blobs, logFiles, clock, random, log });
  closers.add('engine', closeEngine);
  const retention = startRetention({
    store,
    engine,
    blobs,
    clock,
    rules: {
      changesMs: settings['retention.changes'],
      changesCount: settings['retention.changes-count'],
      auditMs,
      idempotencyMs,
      jobsMs: settings['retention.jobs'],
      filesMs: settings['retention.files'],
    },
    failed: (cause) => log.error({ err: String(cause) }, 'retention:failed'),
  });
  closers.add('retention', () => retention.close());

  const auth = createAuthenticator(tokens, createFailureLimit({ clock }));
  const shared: DoorDeps = { engine, auth, clock, random, log };
  const doors: Door[] = [];
  doors.push(
    createApiDoor({
      ...shared,
      compile,
      kinds,
      tokens: createTokenAdmin(tokens),
      doors: () => doors,
      about: { version, startedAt: clock.now(), workerFile },
      metrics: async () => ({ type: 'text/plain', text: '' }),
      notReady: () => null,
      limits: { submitBytes: settings['limits.submit-size'], blobBytes: settings['blob-max'] },
      allowedOrigins: settings['allowed-origins'],
    }),
  );
  const kueue = settings['kueue.enabled']
    ? await kueueOptions(settings, { clientFile: paths.kueueClient, secrets, random })
    : null;
  if (kueue !== null) doors.push(createKueueDoor(shared, kueue));

  const listener = await listen(settings, doors, log);
  closers.add('listener', () => listener.close());
  if (kueue !== null) await replaceFile(paths.kueueClient, clientConfig(kueuePlace(kueue, listener)));
  const record = { url: localUrl(listener.url), pid: process.pid };
  await writeServerRecord(paths.server, record);
  closers.add('server.json', () => removeServerRecord(paths.server, process.pid));

  const localWorker = wantsWorker(settings) ? await openWorker(settings, { paths, tokens, log, env, server: record.url }) : null;
  if (localWorker !== null) closers.add('local worker', () => localWorker.stop());
  return {
    version,
    url: listener.url,
    urls: listener.urls,
    data: settings.data,
    defaultData: defaultDataDir(env),
    doors,
    ownPorts: listener.ownPorts,
    warnings: listener.warnings,
    adminToken: { path: paths.adminToken, made: admin.created },
    localWorker: localWorker === null ? null : { ...facts(localWorker), slots: settings['local-worker-slots'] },
    failed: failed.promise,
  };
}

/** What Kueue's programs must be told: the port that was really bound. */
function kueuePlace({ secret }: KueueOptions, { ownPorts, port, urls }: Listener): Parameters<typeof clientConfig>[0] {
  const own = ownPorts.find(({ door }) => door === 'kueue');
  if (own !== undefined) return { secret, host: own.host, port: own.port };
  return { secret, host: new URL(urls[0] ?? 'http://127.0.0.1').hostname, port };
}

function facts({ pid, adopted }: LocalWorker): Pick<LocalWorker, 'pid' | 'adopted'> {
  return { pid, adopted };
}

function listen(settings: ServerSettings, doors: readonly Door[], log: Logger): Promise<Listener> {
  return openListener(
    {
      doors,
      hosts: settings.host,
      port: settings.port,
      publicHosts: settings['public-hosts'],
      allowedOrigins: settings['allowed-origins'],
      limits: {
        connections: settings['limits.connections'],
        perAddress: settings['limits.connections-per-address'],
        goodByeMs: settings['stop-timeout'] / 2,
      },
    },
    { clock: realClock, log },
  );
}

/** Built by the root's `prepare` script; null where that has not run. */
function workerFile(): Promise<Uint8Array | null> {
  return readFile(new URL('../../../worker/dist/worker.mjs', import.meta.url)).catch(() => null);
}

/** Whoever may submit to a worker that runs as the server's user is an administrator: only on loopback unless asked for. */
function wantsWorker(settings: ServerSettings): boolean {
  return settings['local-worker'] ?? settings.host.every(isLoopback);
}

/** Where a process of this machine finds the server. */
function localUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

async function openWorker(
  settings: ServerSettings,
  {
    paths,
    tokens,
    log,
    env,
    server,
  }: { paths: DataPaths; tokens: Tokens; log: Logger; server: string } & Pick<ServerDeps, 'env'>,
): Promise<LocalWorker> {
  const { token } = paths.localWorker;
  if (orRefuse(await readTokenFile(tokens, token)) === null) {
    orRefuse(await createTokenFile(tokens, token, { name: 'local worker', role: 'worker' }));
  }
  return startLocalWorker(
    {
      paths: paths.localWorker,
      server,
      slots: settings['local-worker-slots'],
      orphanAfterMs: settings['local-worker-orphan-after'],
      env,
    },
    { clock: realClock, log },
  );
}
