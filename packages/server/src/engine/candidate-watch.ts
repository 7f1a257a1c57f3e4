import { candidatesLeft, isPresent } from '../domain/candidates.ts';
import type { Change } from '../domain/change.ts';
import type { JobId, TaskId } from '../domain/ids.ts';
import type { Block } from '../domain/rows.ts';
import type { Task } from '../domain/task.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Queries } from '../ports/store.ts';
import { createDeadlines } from './deadlines.ts';
import type { Insist } from './insist.ts';

/** Looked at this long after something happened: much comes at once. */
const settleMs = 1_000;

export interface CandidateWatch {
  changed(changes: readonly Change[]): void;
  /** After a start every wait begins anew. */
  recover(): void;
  close(): void;
}

/** The beginnings of `task.changed`: asked for every change there is, so nothing is parsed. */
const ready = '{"state":"ready","from":"';
const back = [`${ready}running"`, `${ready}stopping"`, `${ready}suspended"`];

/** Whether it is worth a look: what became ready without having failed only while somebody is waited for already. */
function concerns({ kind, json }: Change, troubled: boolean): boolean {
  if (kind !== 'task.changed') return kind.startsWith('worker.');
  return json.startsWith(ready) && (troubled || back.some((begin) => json.startsWith(begin)));
}

export interface CandidateWatchDeps {
  readonly query: Pick<Queries, 'troubles' | 'exclusions' | 'blocks' | 'workers' | 'classes'>;
  readonly clock: Clock;
  readonly insist: Insist;
  failed(where: string, cause: unknown): void;
}

/**
 * Tasks that failed somewhere and that nobody who is here may try again: when that lasts as long as their policy says they are
 * given up. Sleeps while there are none; otherwise looks when a worker comes or goes, or a task is ready again.
 */
export function createCandidateWatch({ query, clock, insist, failed }: CandidateWatchDeps): CandidateWatch {
  const waiting = new Set<TaskId>();
  const deadlines = createDeadlines<TaskId>(clock, (task) => {
    waiting.delete(task);
    void insist('giveUp', { task });
  });
  /** Somebody may be waited for: nothing to look at otherwise. */
  let troubled = false;
  let timer: Timer | null = null;
  let looking = false;
  let closed = false;

  function soon(): void {
    if (closed || timer !== null) return;
    timer = clock.after(settleMs, () => {
      timer = null;
      if (looking) soon();
      else void look();
    });
  }

  async function look(): Promise<void> {
    looking = true;
    try {
      const tasks = (await query.troubles()).filter(({ policy }) => (policy.noCandidateMs ?? 0) > 0);
      troubled = tasks.length > 0;
      const alone = new Set<TaskId>();
      for (const task of troubled ? await withoutAnybody(tasks) : []) {
        alone.add(task.id);
        if (waiting.has(task.id) || closed) continue;
        waiting.add(task.id);
        deadlines.set(task.id, task.policy.noCandidateMs ?? 0);
      }
      for (const task of waiting) {
        if (alone.has(task)) continue;
        waiting.delete(task);
        deadlines.delete(task);
      }
    } catch (cause) {
      failed('candidates', cause);
    } finally {
      looking = false;
    }
  }

  async function withoutAnybody(tasks: readonly Task[]): Promise<Task[]> {
    const [workers, classes] = await Promise.all([query.workers(), query.classes(tasks.map((task) => task.class))]);
    const here = workers.filter(isPresent);
    const specs = new Map(classes.map(({ id, spec }) => [id, spec]));
    const blocks = new Map<JobId, readonly Block[]>();
    const alone: Task[] = [];
    for (const task of tasks) {
      const { id, job, kind } = task;
      const spec = specs.get(task.class);
      if (spec === undefined) continue;
      const ofJob = blocks.get(job) ?? (await query.blocks({ job, now: clock.now() }));
      blocks.set(job, ofJob);
      const failedBy = (await query.exclusions(id)).filter(({ why, until }) => why === 'failed' && until === null);
      const barred = new Set([...failedBy, ...ofJob.filter((block) => block.kind === kind)].map(({ worker }) => worker));
      if (candidatesLeft(spec, here, barred).length === 0) alone.push(task);
    }
    return alone;
  }

  return {
    changed(changes) {
      if (timer !== null) return;
      for (const change of changes) if (concerns(change, troubled)) return soon();
    },
    recover: soon,
    close() {
      closed = true;
      timer?.cancel();
      deadlines.close();
    },
  };
}
