import type { JobId } from '../../domain/ids.ts';
import type { Link } from './link.ts';
import type { StageFacts } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import { Watcher, type WatcherDeps } from './watcher.ts';

/** Who watches which structure: one job for each visitor (dnaforge §2). */
export class Subscriptions {
  readonly #deps: WatcherDeps;
  readonly #byVisitor = new Map<string, JobId>();
  readonly #watched = new Map<JobId, { readonly visitors: Set<string>; readonly watcher: Watcher }>();

  constructor(deps: WatcherDeps) {
    this.#deps = deps;
  }

  of(visitor: string): JobId | null {
    return this.#byVisitor.get(visitor) ?? null;
  }

  watches(link: Link, job: JobId): boolean {
    return link.visitor !== null && this.#byVisitor.get(link.visitor.id) === job;
  }

  /** In place of what it watched before. */
  set(visitor: string, sim: Simulation): Watcher {
    this.end(visitor);
    this.#byVisitor.set(visitor, sim.id);
    const known = this.#watched.get(sim.id);
    if (known !== undefined) {
      known.visitors.add(visitor);
      return known.watcher;
    }
    const watcher = new Watcher(this.#deps, sim);
    this.#watched.set(sim.id, { visitors: new Set([visitor]), watcher });
    return watcher;
  }

  end(visitor: string): void {
    const job = this.#byVisitor.get(visitor);
    if (job === undefined) return;
    this.#byVisitor.delete(visitor);
    const watched = this.#watched.get(job);
    watched?.visitors.delete(visitor);
    if (watched?.visitors.size === 0) this.#drop(job);
  }

  moved(sim: Simulation): void {
    this.#watched.get(sim.id)?.watcher.follow();
  }

  async stageDone(sim: Simulation, stage: StageFacts): Promise<void> {
    await this.#watched.get(sim.id)?.watcher.stageDone(stage);
  }

  /** The job is gone, and with it all that hung on it. */
  deleted(job: JobId): void {
    for (const visitor of this.#watched.get(job)?.visitors ?? []) this.#byVisitor.delete(visitor);
    this.#drop(job);
  }

  close(): void {
    for (const job of [...this.#watched.keys()]) this.#drop(job);
  }

  #drop(job: JobId): void {
    this.#watched.get(job)?.watcher.close();
    this.#watched.delete(job);
  }
}
