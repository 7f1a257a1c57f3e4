import type { ClassId, JobId, TaskId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Head, Reads } from '../../ports/store.ts';
import type { BlockedJobs } from './blocked-jobs.ts';
import { rankOf } from './codec/json.ts';
import type { Connection, Statement } from './database.ts';
import type { LiveClasses } from './live-classes.ts';
import { placesOf, type ReadyIndex, readyIndex } from './ready-index.ts';
import { comesBefore, type Place, ReadyWindows } from './ready-window.ts';
import type { RowCache } from './row-cache.ts';

/** A worker that refused or failed many tasks looks past at most so many of a class in one claim. */
const mostSkipped = 256;

type Asked = Reads['heads'][0];

export interface HeadSources {
  readonly tasks: RowCache<TaskId, Task>;
  readonly arrays: RowCache<TaskId, TaskArray>;
  readonly live: LiveClasses;
  readonly blocked: BlockedJobs;
}

/** The best claimable entries per class: from memory where they are known there, else from the ready indexes. */
export class Heads {
  readonly #indexes: { readonly task: ReadyIndex; readonly array: ReadyIndex };
  readonly #windows: { readonly task: ReadyWindows; readonly array: ReadyWindows };
  readonly #excluded: Statement;
  readonly #from: HeadSources;
  /** Blocked jobs of which something ready was left out of a window: when they open, the windows are not true any more. */
  readonly #hidden = new Set<JobId>();

  constructor(connection: Connection, from: HeadSources, window: number) {
    this.#indexes = { task: readyIndex(connection, 'task'), array: readyIndex(connection, 'array') };
    this.#windows = { task: new ReadyWindows(window), array: new ReadyWindows(window) };
    this.#excluded = connection.prepare(
      'SELECT 1 FROM exclusion WHERE worker = ? AND task = ? AND (session IS NULL OR session = ?) AND (until IS NULL OR until > ?)',
    );
    this.#from = from;
  }

  find(asked: Asked): Head[] {
    const heads: Head[] = [];
    for (const id of asked.classes) {
      if (this.#from.live.has(id)) this.#findIn(id, asked, heads);
    }
    return heads;
  }

  noteTask(task: Task): void {
    const ready = task.state.state === 'ready';
    this.#note(this.#windows.task, task, ready);
  }

  noteArray(array: TaskArray): void {
    this.#note(this.#windows.array, array, array.rest.state === 'ready' && array.next < array.size);
  }

  noteJob(job: Job): void {
    this.#from.blocked.note(job);
    if (!this.#from.blocked.has(job.id) && this.#hidden.delete(job.id)) this.#forgetWindows();
  }

  dropped(kind: 'task' | 'array', id: TaskId): void {
    this.#windows[kind].leave(id);
  }

  /** After a rollback. */
  forget(): void {
    this.#from.live.load();
    this.#from.blocked.load();
    this.#hidden.clear();
    this.#forgetWindows();
  }

  #forgetWindows(): void {
    this.#windows.task.forget();
    this.#windows.array.forget();
  }

  #note(windows: ReadyWindows, row: Task | TaskArray, ready: boolean): void {
    if (ready) {
      this.#from.live.add(row.class);
      windows.enter(row.class, [rankOf(row.jobPriority), rankOf(row.priority), row.job, row.id]);
    } else {
      windows.leave(row.id);
    }
  }

  #findIn(id: ClassId, asked: Asked, heads: Head[]): void {
    const tasks = this.#best('task', id, asked, asked.picky);
    // Indices without a row exclude nobody.
    const arrays = this.#best('array', id, asked, false);
    if (tasks.length === 0 && arrays.length === 0) this.#dropIfEmpty(id);
    for (let t = 0, a = 0, n = 0; n < asked.depth && (t < tasks.length || a < arrays.length); n += 1) {
      const taskAt = tasks[t];
      const arrayAt = arrays[a];
      if (arrayAt === undefined || (taskAt !== undefined && comesBefore(taskAt, arrayAt))) {
        t += 1;
        const task = taskAt && this.#from.tasks.get(taskAt[3]);
        if (task) heads.push({ class: id, task });
      } else {
        a += 1;
        const array = this.#from.arrays.get(arrayAt[3]);
        if (array) heads.push({ class: id, array });
      }
    }
  }

  #best(kind: 'task' | 'array', id: ClassId, asked: Asked, picky: boolean): Place[] {
    let window = this.#windows[kind].first(id, asked.depth) ?? this.#read(kind, id, asked.depth);
    let near = this.#choose(window.places, asked, picky);
    if (!near.enough && !window.complete && near.blocked) {
      // Jobs that were blocked after it was read fill the window: read past them.
      window = this.#read(kind, id, asked.depth);
      near = this.#choose(window.places, asked, picky);
    }
    if (near.enough || window.complete) return near.found;
    this.#flush(kind);
    return this.#choose(placesOf(this.#indexes[kind], id, this.#passedOver), asked, picky).found;
  }

  #choose(places: Iterable<Place>, asked: Asked, picky: boolean): { found: Place[]; enough: boolean; blocked: boolean } {
    const found: Place[] = [];
    let skipped = 0;
    let blocked = false;
    for (const place of places) {
      if (this.#from.blocked.has(place[2])) {
        blocked = true;
      } else if (picky && this.#isExcluded(place[3], asked)) {
        skipped += 1;
        if (skipped >= mostSkipped) return { found, enough: true, blocked };
      } else {
        found.push(place);
        if (found.length >= asked.depth) return { found, enough: true, blocked };
      }
    }
    return { found, enough: false, blocked };
  }

  /** Fills the window from the index. */
  #read(kind: 'task' | 'array', id: ClassId, depth: number): { readonly places: readonly Place[]; readonly complete: boolean } {
    this.#flush(kind);
    const windows = this.#windows[kind];
    const wanted = Math.max(windows.size, depth);
    const places: Place[] = [];
    for (const place of placesOf(this.#indexes[kind], id, this.#passedOver)) {
      if (places.push(place) >= wanted) break;
    }
    const complete = places.length < wanted;
    windows.load(id, places, complete);
    return { places, complete };
  }

  readonly #passedOver = (job: JobId): boolean => {
    if (!this.#from.blocked.has(job)) return false;
    this.#hidden.add(job);
    return true;
  };

  #flush(kind: 'task' | 'array'): void {
    if (kind === 'task') this.#from.tasks.flush();
    else this.#from.arrays.flush();
  }

  #isExcluded(task: TaskId, asked: Asked): boolean {
    return this.#excluded.get(asked.worker, task, asked.session, asked.now) !== undefined;
  }

  #dropIfEmpty(id: ClassId): void {
    this.#flush('task');
    this.#flush('array');
    const { task, array } = this.#indexes;
    if (task.first.get(id, 1) === undefined && array.first.get(id, 1) === undefined) this.#from.live.drop(id);
  }
}
