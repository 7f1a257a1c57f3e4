import type { Artifact, Attempt } from '../domain/attempt.ts';
import type { Result } from '../domain/errors.ts';
import type { JobId, TaskId, WorkerId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { Amounts } from '../domain/needs.ts';
import type { Principal } from '../domain/principal.ts';
import type { AuditRow, Block, Edge, Pool, Tally } from '../domain/rows.ts';
import type { Task, TaskArray } from '../domain/task.ts';
import type { Worker } from '../domain/worker.ts';
import type { AuditFilter, JobFilter, Page, ShownTask, TaskFilter } from '../ports/store.ts';

/** What people and doors look at. Each cuts to what the principal may see: a foreign job is `not_found`, never `forbidden`. */
export interface EngineQueries {
  job(by: Principal, id: JobId): Promise<Result<Job>>;
  jobs(by: Principal, filter: JobFilter, page: Page): Promise<Job[]>;
  /** The request as submitted, JSON text. */
  spec(by: Principal, id: JobId): Promise<Result<string>>;
  /** The same of many at once; those that the principal may not see are left out. */
  specs(by: Principal, jobs: readonly Job[]): Promise<ReadonlyMap<JobId, string>>;
  task(by: Principal, id: TaskId): Promise<Result<ShownTask>>;
  tasks(by: Principal, filter: TaskFilter, page: Page): Promise<ShownTask[]>;
  /** Files of the latest attempt that left any. Workers see these of every task, to fetch inputs. */
  artifacts(by: Principal, id: TaskId): Promise<Result<readonly Artifact[]>>;
  taskDetail(by: Principal, id: TaskId): Promise<Result<TaskFacts>>;
  /** Bodies of many tasks at once, JSON text by body id. */
  bodies(tasks: readonly Task[]): Promise<ReadonlyMap<number, string>>;
  /** What tasks are made of, many at once (see `queries/makeups.ts`). */
  makeups(tasks: readonly Task[]): Promise<ReadonlyMap<TaskId, TaskMakeup>>;
  /** What waits for what within the job and where it hangs on others: at most `limit` edges, by child. */
  edgesOf(by: Principal, job: JobId, limit: number): Promise<Result<readonly Edge[]>>;
  arraysOf(by: Principal, job: JobId): Promise<Result<TaskArray[]>>;
  workers(by: Principal): Promise<Worker[]>;
  worker(by: Principal, id: WorkerId): Promise<Result<Worker>>;
  held(by: Principal, id: WorkerId): Promise<Task[]>;
  /** Who may take nothing of which kind: in a job, or one worker in all jobs. */
  blocks(by: Principal, of: { job: JobId } | { worker: WorkerId }): Promise<Result<readonly Block[]>>;
  pools(by: Principal): Promise<Pool[]>;
  tallies(by: Principal): Promise<Tally[]>;
  /** What stands in the queue, by what it needs, largest first; bounded in lines and in what is counted of each. */
  queue(by: Principal): Promise<QueueLine[]>;
  runningSeconds(kind: string): Promise<{ sum: number; min: number; max: number }>;
  audit(by: Principal, page: Page, filter?: AuditFilter): Promise<Result<(AuditRow & { id: number })[]>>;
}

export interface QueueLine {
  /** `shell`, `shell gpu=1 tag:cuda`, `other` for what is beyond the bound. */
  readonly label: string;
  readonly ready: number;
}

/** The parts of a task that stand in other rows: its body, its class, its array. */
export interface TaskMakeup {
  /** `TaskBody`, JSON text. */
  readonly body: string;
  /** The value that stands for its array index. */
  readonly value: string | null;
  readonly amounts: Amounts;
  readonly pools: Readonly<Record<string, number>>;
}

/** One task with all that hangs on it. */
export interface TaskFacts {
  readonly shown: ShownTask;
  /** `TaskBody`, JSON text. */
  readonly body: string;
  readonly attempts: readonly Attempt[];
  /** The value that stands for its array index. */
  readonly value: string | null;
  readonly needs: {
    readonly tags: readonly string[];
    readonly amounts: Amounts;
    readonly pools: Readonly<Record<string, number>>;
  };
  readonly logs: Readonly<Record<'out' | 'err' | 'log', number>>;
}
