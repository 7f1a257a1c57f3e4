import { totalOf } from '../domain/counts.ts';
import { type Refusal, type Result, refuse } from '../domain/errors.ts';
import { may, type Principal, type Right, reaches } from '../domain/principal.ts';
import type { Worker } from '../domain/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobFilter, ShownTask, Store, TaskFilter } from '../ports/store.ts';
import { readMakeups } from './queries/makeups.ts';
import { readQueue } from './queries/queue.ts';
import type { EngineQueries } from './queries.ts';
import type { SessionTable } from './session-table.ts';

/** Read rights are checked here; `own` scopes see their own jobs and nothing that tells of others. */
export function createQueries(store: Store, sessions: SessionTable, clock: Clock): EngineQueries {
  const { query } = store;

  const lacks = (by: Principal, right: Right): { refusal: Refusal } | null =>
    may(by, right) ? null : refuse('forbidden', `${by.name} lacks the right ${right}`);

  const ownOnly = (by: Principal): { owner?: string } => (by.scope === 'own' ? { owner: by.id } : {});

  /** Live workers were seen later than their row says; it is written only now and then. */
  function live(worker: Worker): Worker {
    const session = sessions.ofWorker(worker.id);
    if (session === undefined) return worker;
    return { ...worker, seenAt: Math.max(worker.seenAt, clock.now() - (clock.monotonic() - session.lastSeen)) };
  }

  /** Its owner's side, and the worker that runs it or ran it last. Others learn nothing of it: its environment may hold secrets. */
  async function seesTask(by: Principal, shown: ShownTask): Promise<boolean> {
    if (may(by, 'job:read') && reaches(by, shown.job.owner)) return true;
    if (!may(by, 'worker:run') || shown.attempt === null) return false;
    const worker = await query.worker(shown.attempt.worker);
    return worker !== null && reaches(by, worker.owner);
  }

  const self: EngineQueries = {
    async job(by, id) {
      const wrong = lacks(by, 'job:read');
      if (wrong) return wrong;
      const job = await query.job(id);
      if (job === null || job.intent === 'delete' || !reaches(by, job.owner)) return refuse('not_found', `There is no job ${id}`);
      return { value: job };
    },
    async jobs(by, filter, page) {
      return may(by, 'job:read') ? query.jobs({ ...filter, ...ownOnly(by) } satisfies JobFilter, page) : [];
    },
    async spec(by, id) {
      const job = await self.job(by, id);
      if (job.refusal !== undefined) return job;
      return { value: (await query.body(job.value.spec)) ?? '{}' };
    },
    async specs(by, jobs) {
      const seen = may(by, 'job:read') ? jobs.filter(({ owner }) => reaches(by, owner)) : [];
      const bodies = await query.bodies([...new Set(seen.map(({ spec }) => spec))]);
      return new Map(seen.map(({ id, spec }) => [id, bodies.get(spec) ?? '{}']));
    },
    async task(by, id) {
      const shown = await query.task(id);
      if (shown === null || !(await seesTask(by, shown))) return refuse('not_found', `There is no task ${id}`);
      return { value: shown };
    },
    async artifacts(by, id) {
      const shown = await query.task(id);
      // A worker fetches what earlier tasks left, whoever ran them: names and hashes, nothing else of the task.
      const mine = shown !== null && (may(by, 'worker:run') || (may(by, 'job:read') && reaches(by, shown.job.owner)));
      return mine ? { value: await query.artifacts(id) } : refuse('not_found', `There is no task ${id}`);
    },
    async tasks(by, filter, page) {
      return may(by, 'job:read') ? query.tasks({ ...filter, ...ownOnly(by) } satisfies TaskFilter, page) : [];
    },
    async taskDetail(by, id) {
      const shown = await self.task(by, id);
      if (shown.refusal !== undefined) return shown;
      const { task } = shown.value;
      const [body, attempts, classes, array] = await Promise.all([
        query.body(task.body),
        query.attempts(id),
        query.classes([task.class]),
        task.array === null ? null : query.array(task.array),
      ]);
      const value =
        array === null || task.index === null
          ? null
          : array.items
            ? await query.item(array.id, task.index)
            : String(array.first + task.index * array.step);
      const lengths = await Promise.all((['out', 'err', 'log'] as const).map((stream) => query.log(id, task.attempt, stream)));
      const spec = classes[0]?.spec;
      return {
        value: {
          shown: shown.value,
          body: body ?? '{}',
          attempts,
          value,
          needs: {
            tags: spec?.tags ?? [],
            amounts: spec?.amounts ?? { slots: 0, cpus: 0, ramMb: 0, named: {} },
            pools: spec?.pools ?? {},
          },
          logs: { out: lengths[0]?.length ?? 0, err: lengths[1]?.length ?? 0, log: lengths[2]?.length ?? 0 },
        },
      };
    },
    makeups: (tasks) => readMakeups(query, tasks),
    bodies: (tasks) => query.bodies([...new Set(tasks.map(({ body }) => body))]),
    async edgesOf(by, id, limit) {
      const job = await self.job(by, id);
      if (job.refusal !== undefined) return job;
      const { firstTask, counts } = job.value;
      return { value: await query.edgesInto({ from: firstTask, to: firstTask + totalOf(counts) - 1, limit }) };
    },
    async arraysOf(by, id) {
      const job = await self.job(by, id);
      if (job.refusal !== undefined) return job;
      return { value: await query.arraysOf(id) };
    },
    async workers(by) {
      return may(by, 'worker:read') ? (await query.workers()).map(live) : [];
    },
    async worker(by, id) {
      const wrong = lacks(by, 'worker:read');
      if (wrong) return wrong;
      const worker = await query.worker(id);
      return worker === null ? refuse('not_found', `There is no worker ${id}`) : { value: live(worker) };
    },
    async blocks(by, of) {
      if ('job' in of) {
        const job = await self.job(by, of.job);
        if (job.refusal !== undefined) return job;
      } else {
        const wrong = lacks(by, 'worker:read');
        if (wrong) return wrong;
      }
      return { value: await query.blocks({ ...of, now: clock.now() }) };
    },
    async held(by, id) {
      return may(by, 'worker:read') ? query.held(id) : [];
    },
    async pools(by) {
      return may(by, 'pool:read') ? query.pools() : [];
    },
    async tallies(by) {
      return may(by, 'job:read') && by.scope === 'all' ? query.tallies() : [];
    },
    queue: (by) => (may(by, 'job:read') && by.scope === 'all' ? readQueue(query) : Promise.resolve([])),
    runningSeconds: (kind) => query.runningSeconds(kind, clock.now()),
    async audit(by, page, filter): Promise<Result<Awaited<ReturnType<typeof query.audit>>>> {
      return lacks(by, 'admin:read') ?? { value: await query.audit(page, filter) };
    },
  };
  return self;
}
