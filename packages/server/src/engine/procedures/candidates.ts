import type { WorkerId } from '../../domain/ids.ts';
import type { Task } from '../../domain/task.ts';
import { suits } from '../../domain/worker.ts';
import { read } from '../../ports/store.ts';
import type { Reading } from './types.ts';

/** How many present workers could still run a task that must not go to the same worker twice. One round. */
export function* candidatesFor(task: Task, failing: WorkerId | null): Reading<number> {
  const got = yield* read({
    classes: { read: 'classes', of: [task.class] },
    workers: { read: 'presentWorkers', of: null },
    exclusions: { read: 'exclusions', of: { task: task.id } },
    blocks: { read: 'blocks', of: { job: task.job } },
  });
  const spec = got.classes[0]?.spec;
  if (spec === undefined) return 0;
  const barred = new Set<WorkerId | null>([failing]);
  for (const { why, until, worker } of got.exclusions) if (why === 'failed' && until === null) barred.add(worker);
  for (const { kind, worker } of got.blocks) if (kind === task.kind) barred.add(worker);
  return got.workers.filter((worker) => !barred.has(worker.id) && suits(spec, worker)).length;
}
