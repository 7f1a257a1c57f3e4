import type { JobId } from '../../domain/ids.ts';
import { isFinal, type Job } from '../../domain/job.ts';
import type { Connection } from './database.ts';

/**
 * Jobs with an intent, whose ready tasks must not be claimed although the sweep has not reached them yet. Kept in memory: the
 * ready index orders by job before id, so one seek passes all tasks of such a job however many they are.
 */
export class BlockedJobs {
  readonly #all;
  readonly #ids = new Set<JobId>();

  constructor(connection: Connection) {
    this.#all = connection.prepare('SELECT id FROM job INDEXED BY job_blocked WHERE intent <> 0 AND state < 4');
    this.load();
  }

  has(id: JobId): boolean {
    return this.#ids.has(id);
  }

  note(job: Job): void {
    if (job.intent !== 'none' && !isFinal(job.state)) this.#ids.add(job.id);
    else this.#ids.delete(job.id);
  }

  drop(id: JobId): void {
    this.#ids.delete(id);
  }

  load(): void {
    this.#ids.clear();
    for (const [id] of this.#all.all()) this.#ids.add(id as JobId);
  }
}
