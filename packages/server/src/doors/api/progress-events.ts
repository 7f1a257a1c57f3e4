import type { Progress } from '../../domain/attempt.ts';
import type { JobId, TaskId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Engine, FeedFilter } from '../../engine/engine.ts';
import type { Clock, Timer } from '../../ports/clock.ts';

/** Told at most this often, newest value of each task. */
const everyMs = 250;
/** Tasks of which is remembered who may see them; then it is found out again. */
const known = 20_000;

export interface ProgressEvents {
  stop(): void;
}

/**
 * Progress of running tasks beside the changes, as events without a number: they are not replayed. `ready` says whether the
 * reader keeps up; while it does not, newer values take the place of older ones.
 */
export function startProgressEvents(
  engine: Pick<Engine, 'onProgress' | 'query'>,
  by: Principal,
  filter: FeedFilter,
  { clock, ready, push }: { clock: Clock; ready: () => boolean; push: (text: string) => void },
): ProgressEvents {
  const pending = new Map<TaskId, Progress>();
  const jobs = new Map<TaskId, JobId | null>();
  let timer: Timer | null = null;
  let stopped = false;

  async function jobOf(task: TaskId): Promise<JobId | null> {
    const found = jobs.get(task);
    if (found !== undefined) return found;
    const shown = await engine.query.task(by, task);
    const job = shown.refusal === undefined ? shown.value.task.job : null;
    if (jobs.size >= known) jobs.clear();
    jobs.set(task, job);
    return job;
  }

  async function flush(): Promise<void> {
    timer = null;
    if (ready()) {
      const values = [...pending];
      pending.clear();
      const texts = await Promise.all(values.map(async ([task, value]) => textOf(task, await jobOf(task), value, filter)));
      const text = texts.join('');
      if (!stopped && text !== '') push(text);
    }
    if (pending.size > 0) arm();
  }

  function arm(): void {
    if (stopped) return;
    timer ??= clock.after(everyMs, () => void flush());
  }

  const off = engine.onProgress(filter.task ?? null, (task, value) => {
    pending.set(task, value);
    arm();
  });
  return {
    stop() {
      stopped = true;
      off();
      timer?.cancel();
    },
  };
}

function textOf(task: TaskId, job: JobId | null, { done, total, unit, phase }: Progress, filter: FeedFilter): string {
  if (job === null || (filter.job !== undefined && filter.job !== job)) return '';
  return `event: progress\ndata: ${JSON.stringify({ job, task, done, total, unit, phase })}\n\n`;
}
