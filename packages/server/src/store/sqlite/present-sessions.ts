import type { SessionNumber, WorkerId } from '../../domain/ids.ts';
import type { Worker } from '../../domain/worker.ts';
import type { RowCache } from './row-cache.ts';

/** Above this many the memory is begun anew. */
const keep = 100_000;

/** Which worker a session belongs to: asked with every report, so not worth a search. Knows only what it has seen. */
export class PresentSessions {
  readonly #workers: RowCache<WorkerId, Worker>;
  readonly #ids = new Map<SessionNumber, WorkerId>();

  constructor(workers: RowCache<WorkerId, Worker>) {
    this.#workers = workers;
  }

  note(worker: Worker): void {
    if (worker.session === 0 || this.#ids.get(worker.session) === worker.id) return;
    if (this.#ids.size >= keep) this.#ids.clear();
    this.#ids.set(worker.session, worker.id);
  }

  /** Null: not known here; it may exist all the same. */
  worker(session: SessionNumber): Worker | null {
    const id = this.#ids.get(session);
    const worker = id === undefined ? null : this.#workers.get(id);
    return worker?.session === session ? worker : null;
  }

  forget(): void {
    this.#ids.clear();
  }
}
