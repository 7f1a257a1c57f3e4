import type { CauseView, JobWhyView, TaskWhyView } from '@switchyard/sdk/why.ts';
import type { Cause } from '../../../domain/why.ts';
import { causeText } from '../../../domain/why-text.ts';
import type { AnswerOf } from '../../../engine/commands.ts';
import { timeOf, timeOrNull } from './time.ts';

type Why = AnswerOf<'why'>;

export function causeView(cause: Cause): CauseView {
  const common = { text: causeText(cause, timeOf), until: null, workers: [], count: 0 };
  if (cause.code === 'workers') {
    const { workers, count, obstacle } = cause;
    const { code, ...rest } = obstacle;
    const { until = null, ...data } = rest as { until?: number | null } & Record<string, unknown>;
    return { ...common, code, until: timeOrNull(until), workers: [...workers], count, data };
  }
  const { code, ...rest } = cause;
  const {
    until = null,
    worker,
    ...data
  } = rest as { until?: number; worker?: { id: number; name: string } } & Record<string, unknown>;
  const workers = worker === undefined ? [] : [worker];
  return { ...common, code, until: timeOrNull(until), workers, count: workers.length, data };
}

export function taskWhyView({ job, tasks }: Why): TaskWhyView {
  const [only] = tasks;
  return { task: only?.task ?? 0, job: job.id, state: only?.state ?? '', causes: (only?.causes ?? []).map(causeView) };
}

/** The same words once, with how many tasks they are true of. */
export function jobWhyView({ job, tasks }: Why): JobWhyView {
  const causes = new Map<string, JobWhyView['causes'][number]>();
  let waiting = 0;
  let free = 0;
  for (const { task, stands, causes: mine } of tasks) {
    waiting += stands;
    if (mine.length === 0) free += stands;
    for (const view of mine.map(causeView)) {
      const known = causes.get(view.text);
      causes.set(
        view.text,
        known === undefined ? { ...view, tasks: stands, example: task } : { ...known, tasks: known.tasks + stands },
      );
    }
  }
  return { job: job.id, state: job.state, waiting, free, causes: [...causes.values()].sort((a, b) => b.tasks - a.tasks) };
}
