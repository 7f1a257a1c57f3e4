import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../ports/clock.ts';
import { boundLog, openLog } from './bounded-log.ts';
import type { DataPaths } from './data-dir.ts';
import { lives, markOf, type ProcessMark } from './process-mark.ts';
import { workerProgram } from './worker-program.ts';
import { removeFile, replaceFile } from './write-file.ts';

export interface LocalWorkerOptions {
  readonly paths: DataPaths['localWorker'];
  /** Address of this server. */
  readonly server: string;
  readonly slots: number;
  readonly orphanAfterMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LocalWorkerDeps {
  readonly clock: Clock;
  readonly log: LocalWorkerLog;
}

export interface LocalWorkerLog {
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
}

export interface LocalWorker {
  /** Of the process that runs now; null while it is being started again. */
  readonly pid: number | null;
  /** Found alive from a server before this one. */
  readonly adopted: boolean;
  /** Ends it in order: its tasks are handed back. Idempotent. */
  stop(): Promise<void>;
}

interface Recorded extends ProcessMark {
  readonly server: string;
}

const lookMs = 5_000;
const stopMs = 8_000;
const stepMs = 50;
const firstBackOffMs = 500;
const mostBackOffMs = 60_000;
/** Having lived so long, it may die once without being waited for. */
const goodLifeMs = 60_000;

/**
 * The worker beside the server, a process of its own: it outlives a server that was killed, with its tasks, and the next
 * server finds it by its record. If it dies it is started again, ever more slowly.
 */
export async function startLocalWorker(options: LocalWorkerOptions, deps: LocalWorkerDeps): Promise<LocalWorker> {
  const supervisor = new Supervisor(options, deps);
  await supervisor.open();
  return supervisor;
}

class Supervisor implements LocalWorker {
  readonly #options: LocalWorkerOptions;
  readonly #deps: LocalWorkerDeps;
  #mark: ProcessMark | null = null;
  #adopted = false;
  #timer: Timer | null = null;
  #backOffMs = firstBackOffMs;
  #startedAt = 0;
  #stopping: Promise<void> | null = null;

  constructor(options: LocalWorkerOptions, deps: LocalWorkerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get pid(): number | null {
    return this.#mark?.pid ?? null;
  }

  get adopted(): boolean {
    return this.#adopted;
  }

  async open(): Promise<void> {
    const found = await readRecord(this.#options.paths.record);
    if (found !== null && lives(found)) {
      if (found.server === this.#options.server) {
        this.#mark = found;
        this.#adopted = true;
        this.#startedAt = this.#deps.clock.monotonic();
        this.#deps.log.info({ pid: found.pid }, 'local-worker:found');
        this.#watch();
        return;
      }
      // It looks for a server at an address that is no longer ours.
      this.#deps.log.info({ pid: found.pid, server: found.server }, 'local-worker:moved');
      await endProcess(found, this.#deps.clock);
    }
    await this.#start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { paths, server } = this.#options;
    const log = await openLog(paths.log);
    try {
      const child = spawnWorker(this.#options, log.fd);
      if (child.pid === undefined) throw new Error('it has no process id');
      this.#mark = markOf(child.pid);
      this.#adopted = false;
      this.#startedAt = this.#deps.clock.monotonic();
      child.once('exit', (code, signal) => this.#died(child, { code, signal }));
      await replaceFile(paths.record, JSON.stringify({ ...this.#mark, server } satisfies Recorded));
      this.#deps.log.info({ pid: child.pid, slots: this.#options.slots }, 'local-worker:started');
    } finally {
      await log.close();
    }
    // One that died meanwhile has set the timer for its next start already.
    if (this.#mark !== null) this.#watch();
  }

  /** Looks now and then: the log's size, and whether one that is not our child still lives. */
  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(lookMs, () => {
      if (this.#stopping !== null) return;
      boundLog(this.#options.paths.log).catch((error: Error) => this.#warn('local-worker:log', error));
      if (this.#adopted && this.#mark !== null && !lives(this.#mark)) this.#died(null, { code: null, signal: null });
      else if (this.#mark !== null) this.#watch();
    });
  }

  #died(child: ChildProcess | null, how: { code: number | null; signal: string | null }): void {
    if (this.#stopping !== null || (child !== null && child.pid !== this.#mark?.pid)) return;
    this.#mark = null;
    this.#timer?.cancel();
    if (how.code === 0) {
      // Somebody asked it to shut down: it stays away until the next start of the server.
      this.#deps.log.info({ see: this.#options.paths.log }, 'local-worker:ended');
      return;
    }
    const lived = this.#deps.clock.monotonic() - this.#startedAt;
    if (lived > goodLifeMs) this.#backOffMs = firstBackOffMs;
    const inMs = this.#backOffMs;
    this.#backOffMs = Math.min(this.#backOffMs * 2, mostBackOffMs);
    this.#deps.log.warn({ ...how, againInMs: inMs, see: this.#options.paths.log }, 'local-worker:died');
    this.#timer = this.#deps.clock.after(inMs, () => {
      if (this.#stopping !== null) return;
      this.#start().catch((error: Error) => {
        this.#warn('local-worker:failed', error);
        this.#died(null, { code: null, signal: null });
      });
    });
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    const mark = this.#mark;
    if (mark !== null) await endProcess(mark, this.#deps.clock);
    await removeFile(this.#options.paths.record);
  }

  #warn(event: string, error: Error): void {
    this.#deps.log.warn({ err: error.message }, event);
  }
}

function spawnWorker(options: LocalWorkerOptions, log: number): ChildProcess {
  const { paths, server, slots, orphanAfterMs } = options;
  const flags = [
    '--server',
    server,
    '--token-file',
    paths.token,
    '--work',
    paths.work,
    '--name',
    'local',
    '--slots',
    String(slots),
  ];
  const orphan = ['--orphan-after', String(Math.round(orphanAfterMs / 1_000))];
  const child = spawn(process.execPath, [workerProgram(), ...flags, ...orphan], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: withoutOurs(options.env),
  });
  child.on('error', () => {});
  child.unref();
  return child;
}

/** The server's own variables, secrets among them, are none of the worker's business. */
function withoutOurs(env: LocalWorkerOptions['env']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith('SWITCHYARD_')) kept[name] = value;
  }
  return kept;
}

/** SIGINT: it ends its tasks, hands them back, says good-bye. If that takes too long it is killed. */
async function endProcess(mark: ProcessMark, clock: Clock): Promise<void> {
  signal(mark, 'SIGINT');
  const until = clock.monotonic() + stopMs;
  while (lives(mark) && clock.monotonic() < until) await new Promise<void>((resolve) => setTimeout(resolve, stepMs));
  if (lives(mark)) signal(mark, 'SIGKILL');
}

function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  if (!lives(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch {
    // It ended meanwhile.
  }
}

async function readRecord(path: string): Promise<Recorded | null> {
  try {
    const { pid, start, server } = JSON.parse(await readFile(path, 'utf8')) as Partial<Recorded>;
    if (!Number.isSafeInteger(pid) || typeof server !== 'string') return null;
    return { pid: pid as number, start: typeof start === 'string' ? start : null, server };
  } catch {
    return null;
  }
}
