import type { JobId } from '../domain/ids.ts';
import type { Job, JobState } from '../domain/job.ts';
import { system } from '../domain/principal.ts';
import { isEnded } from '../domain/task.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Blobs, LogFiles } from '../ports/files.ts';
import type { Store } from '../ports/store.ts';
import type { Engine } from './engine.ts';

/** How long things are kept, ms, and how much of them. */
export interface RetentionRules {
  readonly changesMs: number;
  readonly changesCount: number;
  readonly auditMs: number;
  /** 0: by age alone. */
  readonly auditCount: number;
  readonly idempotencyMs: number;
  /** Ended jobs of any kind; 0: for ever. */
  readonly jobsMs: number;
  /** So many of the newest ended jobs stay; 0: all. */
  readonly jobsCount: number;
  /** Output in files of tasks that have ended; 0: as long as their jobs. */
  readonly logsMs: number;
  /** All output in files together, bytes; 0: no bound. */
  readonly logsBytes: number;
  /** Files that nothing refers to. */
  readonly filesMs: number;
}

export interface RetentionDeps {
  readonly store: Store;
  readonly engine: Engine;
  readonly blobs: Blobs;
  readonly logFiles: LogFiles;
  readonly clock: Clock;
  readonly rules: RetentionRules;
  failed(cause: unknown): void;
}

const everyMs = 3_600_000;
/** After the start: first things first. */
const firstMs = 60_000;
const ended: readonly JobState[] = ['succeeded', 'failed', 'canceled'];
const page = 200;

/**
 * The hourly tidying: old changes, trails and keys, ended jobs by age and number, output by age and size, files without a job.
 * What a task that has not ended needs stays, however old. Safe if two servers do it.
 */
export function startRetention(deps: RetentionDeps): { tidy(): Promise<void>; close(): Promise<void> } {
  const { store, engine, blobs, logFiles, clock, rules } = deps;
  const { query } = store;
  let closed = false;
  let timer: Timer = clock.after(firstMs, () => void tick());
  let working: Promise<void> = Promise.resolve();

  async function trim(what: 'changes' | 'audit' | 'idempotent', ms: number, keep: number | null): Promise<void> {
    for (let more = !closed; more && !closed; ) {
      more = (await store.trim({ what, olderThan: clock.now() - ms, keep })).more;
    }
  }

  async function* endedJobs(order: 'asc' | 'desc', from: JobId | null): AsyncGenerator<Job> {
    for (let cursor = from; !closed; ) {
      const jobs = await query.jobs({ states: ended }, { limit: page, cursor, order });
      yield* jobs;
      cursor = jobs.at(-1)?.id ?? null;
      if (jobs.length < page) return;
    }
  }

  /** Jobs created after a moment cannot have ended before it: the walk ends at the first of them. */
  async function* tooOld(): AsyncGenerator<Job> {
    const before = clock.now() - rules.jobsMs;
    for await (const job of endedJobs('asc', null)) {
      if (job.createdAt >= before) return;
      if (job.endedAt !== null && job.endedAt < before) yield job;
    }
  }

  async function* tooMany(): AsyncGenerator<Job> {
    let left = rules.jobsCount;
    for await (const job of endedJobs('desc', null)) if (left-- <= 0) yield job;
  }

  /** Jobs that have files which tasks of other jobs, not ended yet, were told to take. */
  async function neededJobs(): Promise<ReadonlySet<JobId>> {
    const needed = new Set<JobId>();
    for (const id of await query.sourcesInUse()) {
      const shown = await query.task(id);
      if (shown !== null) needed.add(shown.job.id);
    }
    return needed;
  }

  async function removeJobs(jobs: AsyncIterable<Job>): Promise<void> {
    let needed: ReadonlySet<JobId> | null = null;
    for await (const { id } of jobs) {
      if (closed) return;
      needed ??= await neededJobs();
      if (!needed.has(id)) await engine.command(system, 'delete', { job: id });
    }
  }

  async function removeLogs(): Promise<void> {
    const before = rules.logsMs === 0 ? 0 : clock.now() - rules.logsMs;
    for (const { task } of await logFiles.excess(before, rules.logsBytes === 0 ? null : rules.logsBytes)) {
      if (closed) return;
      const shown = await query.task(task);
      // What is tried again writes on: only the end is the end.
      if (shown === null || isEnded(shown.task.state)) await logFiles.drop(task);
    }
  }

  async function tidy(): Promise<void> {
    await trim('changes', rules.changesMs, rules.changesCount);
    await trim('audit', rules.auditMs, rules.auditCount === 0 ? null : rules.auditCount);
    await trim('idempotent', rules.idempotencyMs, null);
    if (rules.jobsMs > 0) await removeJobs(tooOld());
    if (rules.jobsCount > 0) await removeJobs(tooMany());
    if (rules.logsMs > 0 || rules.logsBytes > 0) await removeLogs();
    if (!closed) await blobs.sweep(await query.blobsInUse(), rules.filesMs);
  }

  function tick(): Promise<void> {
    working = tidy()
      .catch(deps.failed)
      .then(() => {
        if (!closed) timer = clock.after(everyMs, () => void tick());
      });
    return working;
  }

  return {
    tidy,
    async close() {
      closed = true;
      timer.cancel();
      await working;
    },
  };
}
