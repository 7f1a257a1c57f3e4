import { oxdnaKind } from '@switchyard/sdk/oxdna.ts';
import type { Logger } from 'pino';
import type { Progress } from '../../domain/attempt.ts';
import type { Change } from '../../domain/change.ts';
import type { JobId, TaskId } from '../../domain/ids.ts';
import type { Job, JobState } from '../../domain/job.ts';
import type { Principal } from '../../domain/principal.ts';
import type { TaskStateName } from '../../domain/task.ts';
import type { Engine, Unsubscribe } from '../../engine/engine.ts';
import type { Clock } from '../../ports/clock.ts';
import { type BoardEntry, newEntry } from './board-entry.ts';
import type { DnaforgeLimits } from './limits.ts';
import { loadSimulation, loadSimulations, takeEnd } from './load.ts';
import { isFinal, type StageFacts } from './sim-job.ts';
import { isEnd, type Simulation } from './simulation.ts';
import type { ShownJob } from './translate.ts';

export interface BoardDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly by: Principal;
  readonly limits: Pick<DnaforgeLimits, 'updateMs' | 'listedJobs'>;
  readonly hear: BoardEars;
}

/** Who is told what happens, in order. */
export interface BoardEars {
  /** Everybody is to know. */
  state(sim: Simulation): void;
  /** Only that it goes on; at most every `updateMs`. */
  progress(sim: Simulation): void;
  deleted(id: JobId): void;
  /** A stage has succeeded; what is done before this settles is before the news of it. */
  stageDone(sim: Simulation, stage: StageFacts): Promise<void>;
}

const open: readonly JobState[] = ['waiting', 'held', 'active', 'canceling'];
const ended: readonly JobState[] = ['succeeded', 'failed', 'canceled'];
const pageRows = 500;

/**
 * Every simulation of the yard as this door shows it, kept in step with the feed. Read when somebody looks for the first time.
 * What happens to one job is told in the order in which it happened.
 */
export class Board {
  readonly #deps: BoardDeps;
  /** Ascending by id. */
  readonly #entries = new Map<JobId, BoardEntry>();
  readonly #tasks = new Map<TaskId, JobId>();
  readonly #off: Unsubscribe[] = [];
  #loading: Promise<void> | null = null;
  /** What happened while the list of jobs was being read. */
  #early: Change[] | null = null;
  #closed = false;

  constructor(deps: BoardDeps) {
    this.#deps = deps;
  }

  /** Settles when everything that was in the store is here. */
  ready(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = null;
      this.#early = null;
      throw error;
    });
    return this.#loading;
  }

  /** Ascending by id. */
  list(): ShownJob[] {
    const shown: ShownJob[] = [];
    for (const { sim } of this.#entries.values()) if (sim !== null) shown.push(sim.shown);
    return shown;
  }

  /** Null: there is no such simulation. Old ones that are not listed any more are read from the store. */
  async find(id: JobId): Promise<Simulation | null> {
    await this.ready();
    const entry = this.#entries.get(id);
    if (entry?.sim === null) await entry.working;
    if (entry?.sim != null) return entry.gone ? null : entry.sim;
    const { engine, by } = this.#deps;
    const job = await engine.query.job(by, id);
    if (job.refusal !== undefined || job.value.kind !== oxdnaKind || job.value.intent === 'building') return null;
    return loadSimulation(engine, by, job.value, { fresh: false });
  }

  lists(id: JobId): boolean {
    return this.#entries.has(id);
  }

  /** Settles when all that was committed about this job has been told. */
  async told(id: JobId): Promise<void> {
    await this.#entries.get(id)?.working;
  }

  close(): void {
    this.#closed = true;
    for (const off of this.#off) off();
    for (const { timer } of this.#entries.values()) timer?.cancel();
  }

  async #load(): Promise<void> {
    const { engine } = this.#deps;
    if (this.#off.length === 0) {
      const kinds = ['job.created', 'job.changed', 'job.deleted', 'task.changed'] as const;
      this.#off.push(engine.feed.subscribe({ kinds }, (changes) => this.#hear(changes)));
      this.#off.push(engine.onProgress(null, (task, value) => this.#progress(task, value)));
    }
    this.#early = [];
    const jobs = [
      ...(await this.#jobs(open, Number.MAX_SAFE_INTEGER)),
      ...(await this.#jobs(ended, this.#deps.limits.listedJobs)),
    ];
    const old = jobs.filter(({ id }) => !this.#entries.has(id)).sort((a, b) => a.id - b.id);
    const newer = [...this.#entries];
    this.#entries.clear();
    // Placed first, in order, so that what happens meanwhile waits for them; then read.
    for (const { id } of old) this.#entries.set(id, newEntry());
    for (const change of this.#early) this.#entries.get(change.job ?? 0)?.backlog.push(change);
    this.#early = null;
    for (const [id, entry] of newer) this.#entries.set(id, entry);
    for (let from = 0; from < old.length; from += pageRows) {
      await this.#readAll(old.slice(from, from + pageRows));
    }
    for (const { id } of old) await this.told(id);
  }

  async #jobs(states: readonly JobState[], most: number): Promise<Job[]> {
    const { engine, by } = this.#deps;
    const jobs: Job[] = [];
    for (let cursor: number | null = null; jobs.length < most; ) {
      const limit = Math.min(pageRows, most - jobs.length);
      const page: Job[] = await engine.query.jobs(by, { kinds: [oxdnaKind], states }, { limit, cursor, order: 'desc' });
      for (const job of page) if (job.intent !== 'building') jobs.push(job);
      const last = page.at(-1);
      if (last === undefined || page.length < limit) break;
      cursor = last.id;
    }
    return jobs;
  }

  #hear(changes: readonly Change[]): void {
    if (this.#closed) return;
    for (const change of changes) {
      if (change.job === null) continue;
      const known = this.#entries.get(change.job);
      if (known !== undefined) this.#take(change.job, known, change);
      else if (change.kind === 'job.created' && isOurs(change)) this.#begin(change.job);
      else this.#early?.push(change);
    }
  }

  /** A job that came in just now: told as new, whatever has happened to it by the time that it is read. */
  #begin(id: JobId): void {
    const entry = newEntry();
    this.#entries.set(id, entry);
    this.#start(id, entry, async () => {
      const { engine, by } = this.#deps;
      const job = await engine.query.job(by, id);
      if (job.refusal !== undefined) return;
      this.#place(id, await loadSimulation(engine, by, job.value, { fresh: true }));
      if (entry.sim !== null) this.#tell(entry, entry.sim);
    });
    this.#forgetOldest();
  }

  /** What was there before: nobody is told of it. */
  async #readAll(jobs: readonly Job[]): Promise<void> {
    const { engine, by } = this.#deps;
    const loaded = await loadSimulations(engine, by, jobs, { fresh: false });
    for (const { id } of jobs) {
      const entry = this.#place(id, loaded.get(id) ?? null);
      if (entry?.sim == null) continue;
      entry.told = entry.sim.shown;
      if (entry.backlog.length > 0) this.#start(id, entry);
    }
  }

  #place(id: JobId, sim: Simulation | null): BoardEntry | null {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.gone) return null;
    if (sim === null) this.#entries.delete(id);
    entry.sim = sim;
    for (const { task } of sim?.stages ?? []) this.#tasks.set(task, id);
    return entry;
  }

  #take(id: JobId, entry: BoardEntry, change: Change): void {
    entry.backlog.push(change);
    if (entry.sim !== null) this.#start(id, entry);
  }

  #start(id: JobId, entry: BoardEntry, first?: () => Promise<void>): void {
    if (entry.busy) return;
    const work = this.#work(id, entry, first);
    entry.working = entry.busy ? work : null;
  }

  /** One change after the other; synchronous as long as nothing has to be read. */
  async #work(id: JobId, entry: BoardEntry, first?: () => Promise<void>): Promise<void> {
    entry.busy = true;
    try {
      if (first !== undefined) await first();
      if (entry.sim === null) return;
      for (let change = entry.backlog.shift(); change !== undefined && !entry.gone; change = entry.backlog.shift()) {
        const waiting = change.kind === 'job.deleted' ? this.#drop(id, entry) : this.#apply(entry, entry.sim, change);
        if (waiting !== null) await waiting;
      }
    } catch (error) {
      this.#deps.log.error({ event: 'dnaforge.board', job: id, err: error });
    } finally {
      entry.busy = false;
      entry.working = null;
      // It could not be read: whoever asks for it tries again.
      if (entry.sim === null) this.#entries.delete(id);
    }
  }

  #apply(entry: BoardEntry, sim: Simulation, change: Change): Promise<void> | null {
    const state = change.task === null ? null : (JSON.parse(change.json) as { state: TaskStateName }).state;
    if (change.task !== null && state !== null && isEnd(state)) return this.#end(entry, sim, change, change.task);
    sim.change(change);
    this.#tell(entry, sim);
    return null;
  }

  async #end(entry: BoardEntry, sim: Simulation, change: Change, task: TaskId): Promise<void> {
    const { engine, by, hear } = this.#deps;
    const found = await engine.query.task(by, task);
    const stage = sim.stageOf(task);
    if (stage === undefined) return;
    if (found.refusal === undefined) takeEnd(stage, found.value.task, found.value.attempt);
    const state = (JSON.parse(change.json) as { state: TaskStateName }).state;
    const { error } = stage;
    if (state === 'succeeded') await hear.stageDone(sim, stage);
    sim.change(change);
    stage.error = state === 'failed' ? error : null;
    sim.changed();
    this.#tell(entry, sim);
  }

  #tell(entry: BoardEntry, sim: Simulation): void {
    const { shown } = sim;
    if (entry.gone || (entry.told !== null && entry.told.text('today') === shown.text('today'))) return;
    this.#said(entry, sim);
    this.#deps.hear.state(sim);
  }

  #said(entry: BoardEntry, sim: Simulation): void {
    entry.timer?.cancel();
    entry.timer = null;
    entry.told = sim.shown;
    entry.toldAt = this.#deps.clock.monotonic();
  }

  #progress(task: TaskId, value: Progress): void {
    const id = this.#tasks.get(task);
    const entry = id === undefined ? undefined : this.#entries.get(id);
    const stage = entry?.sim?.stageOf(task);
    if (entry === undefined || entry.sim == null || stage === undefined || isEnd(stage.state) || this.#closed) return;
    // Live values may come before the news that the attempt has begun; that one is told first.
    if (!stage.begun || entry.busy) return;
    if (entry.sim.progress(stage, value)) this.#tell(entry, entry.sim);
    else this.#soon(entry, entry.sim);
  }

  /** Newest wins, at most every `updateMs`. */
  #soon(entry: BoardEntry, sim: Simulation): void {
    if (entry.timer !== null) return;
    const { clock, limits, hear } = this.#deps;
    const say = (): void => {
      if (entry.gone || this.#closed || isFinal(sim.shown.job)) return;
      this.#said(entry, sim);
      hear.progress(sim);
    };
    const wait = entry.toldAt + limits.updateMs - clock.monotonic();
    if (wait <= 0) say();
    else entry.timer = clock.after(wait, say);
  }

  #drop(id: JobId, entry: BoardEntry): null {
    entry.gone = true;
    entry.timer?.cancel();
    this.#entries.delete(id);
    for (const { task } of entry.sim?.stages ?? []) this.#tasks.delete(task);
    this.#deps.hear.deleted(id);
    return null;
  }

  /** Not more than `listedJobs` of those that have ended; asked for by id, they are read again. */
  #forgetOldest(): void {
    if (this.#entries.size <= this.#deps.limits.listedJobs) return;
    for (const [id, entry] of this.#entries) {
      if (entry.sim === null || entry.busy || !isFinal(entry.sim.shown.job)) continue;
      this.#entries.delete(id);
      for (const { task } of entry.sim.stages) this.#tasks.delete(task);
      return;
    }
  }
}

const isOurs = (change: Change): boolean => (JSON.parse(change.json) as { kind?: string }).kind === oxdnaKind;
