import type { WireAmounts, WireHello } from '@switchyard/sdk/worker-wire.ts';
import { BlobCache } from './blob-cache.ts';
import { Connection } from './connection.ts';
import { inputsOf } from './inputs.ts';
import { Journal } from './journal.ts';
import { defaultRhythm, limits, type Rhythm } from './limits.ts';
import { defaultAmounts, describeMachine, gpuNames } from './machine.ts';
import { endPredecessors } from './recover.ts';
import { Room } from './room.ts';
import { RunFolders } from './run-folders.ts';
import type { Runner } from './runners/runner.ts';
import { aboutRunners, defaultKinds, runners } from './runners/table.ts';
import { serverFiles } from './server-files.ts';
import { realSystem, type System, type Timer } from './system.ts';
import { version } from './version.ts';
import { clearLeftovers, instanceOf, openWorkFolder, type WorkFolder } from './work-folder.ts';
import { lockFolder } from './work-lock.ts';
import { Worker } from './worker.ts';

export interface WorkerOptions {
  /** `http://host:port`, with a path where the server has one. */
  readonly server: string;
  /** Asked for at every connection and upload. May throw: then the worker tries again later. */
  readonly token: () => string;
  readonly name: string;
  /** Its own folder: one worker per folder. */
  readonly work: string;
  /** Names of `runners/table.ts`. Default: those that are offered by default where their programs are. */
  readonly kinds?: readonly string[];
  readonly tags?: readonly string[];
  /** Default: `defaultAmounts()`. */
  readonly amounts?: WireAmounts;
  /** Tasks held ready beyond the room. Default: 2 × slots, at most 1,000. */
  readonly prefetch?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long a drain waits for running tasks; 0: for ever. */
  readonly drainMs?: number;
  /** Ends itself after so long without a server; 0: never. */
  readonly orphanMs?: number;
  readonly rhythm?: Partial<Rhythm>;
  readonly system?: System;
  readonly log?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface WorkerExit {
  /** `refused`: the token; `locked`: the folder is another worker's; `failed`: the folder cannot be used. */
  readonly how: 'stopped' | 'orphaned' | 'refused' | 'locked' | 'failed';
  readonly text: string;
}

export interface WorkerHandle {
  /** `drain`: running tasks end first; `now`: they are ended and go back to the queue. May be called again, to hurry. */
  stop(how: 'drain' | 'now'): void;
  /** Nothing of it is left: no process, no socket, no timer. Never rejects. */
  readonly closed: Promise<WorkerExit>;
}

export function startWorker(options: WorkerOptions): WorkerHandle {
  const life = new Life(options);
  return { stop: (how) => life.stop(how), closed: life.run() };
}

/** A token that was good is not given up at the first refusal: a proxy may be in the way for a moment. */
const refusalsMost = 10;

/** From the lock on the folder to the last message. */
class Life {
  readonly #options: WorkerOptions;
  readonly #rhythm: Rhythm;
  readonly #system: System;
  readonly #exit = Promise.withResolvers<WorkerExit>();
  #worker: Worker | null = null;
  #connection: Connection | null = null;
  #leaseMs = 0;
  #leaving: { readonly how: 'drain' | 'now'; readonly exit: WorkerExit } | null = null;
  #drain: Timer | null = null;
  #farewell: Timer | null = null;
  #orphan: Timer | null = null;
  #finished = false;
  #welcomes = 0;
  #refusals = 0;
  #naggedAt: number | null = null;
  #about: Readonly<Record<string, unknown>> = {};

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#rhythm = { ...defaultRhythm, ...options.rhythm };
    this.#system = options.system ?? realSystem;
  }

  async run(): Promise<WorkerExit> {
    let folder: WorkFolder;
    try {
      folder = openWorkFolder(this.#options.work);
    } catch (error) {
      return { how: 'failed', text: `The work folder ${this.#options.work} cannot be used: ${(error as Error).message}` };
    }
    const lock = lockFolder(folder.root);
    if ('taken' in lock) return { how: 'locked', text: lock.taken };
    const journal = Journal.open(folder.journal);
    try {
      await this.#begin(folder, journal);
      return await this.#exit.promise;
    } finally {
      for (const timer of [this.#drain, this.#farewell, this.#orphan]) timer?.cancel();
      journal.close();
      lock.release();
    }
  }

  stop(how: 'drain' | 'now'): void {
    this.#leave(how, { how: 'stopped', text: 'stopped' });
  }

  async #begin(folder: WorkFolder, journal: Journal): Promise<void> {
    const instance = instanceOf(folder, () => this.#system.uuid());
    const ended = await endPredecessors(journal, instance, this.#rhythm.graceMs, this.#system);
    if (ended > 0) this.#log('predecessor:ended', { processes: ended });
    clearLeftovers(folder);
    this.#about = await aboutRunners(this.#kinds(), this.#options.environment);
    if (this.#leaving !== null) {
      this.#exit.resolve(this.#leaving.exit);
      return;
    }
    this.#connect(folder, journal, instance);
  }

  #kinds(): readonly string[] {
    return this.#options.kinds ?? defaultKinds(this.#options.environment);
  }

  #connect(folder: WorkFolder, journal: Journal, instance: string): void {
    const { server, token, environment } = this.#options;
    const rhythm = this.#rhythm;
    const system = this.#system;
    const files = serverFiles({ server, token, rhythm, system });
    const inputs = inputsOf(files, new BlobCache(folder.cache, rhythm.cacheBytes, files));
    const amounts = this.#options.amounts ?? defaultAmounts();
    const gpus = gpuNames(amounts.named.gpu ?? 0, environment.CUDA_VISIBLE_DEVICES);
    const kinds = this.#kinds();
    const folders = new RunFolders(folder.runs);
    const connection = this.#openConnection();
    const worker = new Worker({
      attempt: {
        system,
        rhythm,
        folders,
        spoolFolder: folder.spool,
        journal,
        inputs,
        files,
        instance,
        name: this.#options.name,
        environment,
        countsGpus: gpus.length > 0,
      },
      connection,
      room: new Room(amounts, gpus),
      inputs,
      runners: runnersOf(kinds),
      describe: () => this.#describe(instance, kinds, amounts),
      log: (event, fields) => this.#log(event, fields),
      idle: () => this.#idle(),
      wish: (mode, lazy) => this.#wish(mode, lazy),
    });
    this.#worker = worker;
    this.#connection = connection;
    this.#armOrphan();
    connection.connect();
  }

  #openConnection(): Connection {
    const { server, token } = this.#options;
    return new Connection(
      { server, token, rhythm: this.#rhythm, system: this.#system },
      {
        hello: () => this.#mustWorker().hello(),
        welcome: (welcome) => {
          this.#log('server:connected', { server, worker: welcome.worker });
          this.#welcomes += 1;
          this.#refusals = 0;
          this.#naggedAt = null;
          this.#leaseMs = welcome.leaseMs;
          this.#orphan?.cancel();
          this.#orphan = null;
          if (this.#leaving !== null) this.#connection?.send({ m: 'drain' });
          this.#mustWorker().welcome(welcome);
        },
        message: (message) => this.#mustWorker().receive(message),
        malformed: (what, task, attempt) => this.#mustWorker().malformed(what, task, attempt),
        lost: (why) => {
          this.#log('server:lost', { server, why });
          this.#naggedAt = this.#system.monotonic();
          this.#armOrphan();
          this.#mustWorker().lost();
        },
        failed: (why, status) => this.#failed(why, status),
        tick: () => this.#mustWorker().tick(this.#leaseMs),
      },
    );
  }

  #mustWorker(): Worker {
    if (this.#worker === null) throw new Error('the connection spoke before the worker was made');
    return this.#worker;
  }

  #failed(why: string, status: number | null): void {
    const { server } = this.#options;
    if (status === 401 || status === 403) {
      this.#refusals += 1;
      if (this.#welcomes === 0 || this.#refusals >= refusalsMost) {
        const what = status === 401 ? 'does not know this token (401)' : 'does not let this token run tasks (403)';
        const text = `The server at ${server} ${what}. Make one with "switchyard token create NAME --role worker --to FILE" and give it by --token-file FILE.`;
        this.#leave('now', { how: 'refused', text });
        return;
      }
    }
    const now = this.#system.monotonic();
    if (this.#naggedAt !== null && now - this.#naggedAt < limits.nagMs) return;
    this.#naggedAt = now;
    this.#log('server:unreachable', { server, why: status === null ? why : `it answered ${status}`, advice: 'trying on' });
  }

  #wish(mode: 'awake' | 'asleep' | 'draining' | 'shutdown', lazy: boolean): void {
    this.#log('worker:wish', { mode, lazy });
    if (mode === 'shutdown') this.#leave(lazy ? 'drain' : 'now', { how: 'stopped', text: 'the server asked for it' });
    else if (this.#leaving !== null) return;
    else this.#mustWorker().takeNew(mode === 'awake');
    if (mode === 'asleep' && !lazy) this.#mustWorker().stopAll();
  }

  #leave(how: 'drain' | 'now', exit: WorkerExit): void {
    if (this.#finished || this.#leaving?.how === 'now' || this.#leaving?.how === how) return;
    const first = this.#leaving === null;
    this.#leaving = { how, exit: this.#leaving?.exit ?? exit };
    if (this.#worker === null) return;
    this.#log(how === 'drain' ? 'worker:draining' : 'worker:stopping', { running: this.#worker.running });
    if (first) this.#connection?.send({ m: 'drain' });
    if (how === 'now') this.#worker.stopAll();
    else if (this.#options.drainMs) this.#drain = this.#system.after(this.#options.drainMs, () => this.#leave('now', exit));
    this.#worker.leave();
  }

  /** Nothing runs: as soon as all is acknowledged, or the patience for that is over, this is the end. */
  #idle(): void {
    if (this.#leaving === null || this.#worker === null) return;
    if (this.#worker.unacknowledged === 0 || this.#leaving.exit.how === 'refused') this.#finish();
    else this.#farewell ??= this.#system.after(this.#rhythm.farewellMs, () => this.#finish());
  }

  #finish(): void {
    if (this.#leaving === null || this.#finished) return;
    this.#finished = true;
    this.#connection?.send({ m: 'bye' });
    this.#connection?.close();
    this.#exit.resolve(this.#leaving.exit);
  }

  #armOrphan(): void {
    const { orphanMs } = this.#options;
    if (!orphanMs || this.#orphan !== null) return;
    const exit: WorkerExit = { how: 'orphaned', text: `no server for ${orphanMs} ms` };
    this.#orphan = this.#system.after(orphanMs, () => this.#leave('now', exit));
  }

  #describe(instance: string, kinds: readonly string[], total: WireAmounts): Omit<WireHello, 'm' | 'holds'> {
    const prefetch = Math.min(1_000, this.#options.prefetch ?? 2 * total.slots);
    // `files`: it fetches inputs, keeps outputs and makes a fresh folder; not every worker that runs shell tasks can (kinds/shell).
    const tags = [...new Set([...(this.#options.tags ?? []), 'files'])];
    return {
      instance,
      name: this.#options.name,
      version,
      kinds: [...kinds],
      tags,
      total,
      prefetch,
      info: { ...describeMachine(this.#options.work), ...this.#about },
    };
  }

  #log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#options.log?.(event, fields);
  }
}

function runnersOf(kinds: readonly string[]): ReadonlyMap<string, Runner> {
  const chosen = new Map<string, Runner>();
  for (const kind of kinds) {
    const row = runners[kind];
    if (row !== undefined) chosen.set(kind, row.runner);
  }
  return chosen;
}
