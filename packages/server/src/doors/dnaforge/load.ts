import { compileCheck } from '@switchyard/sdk/check.ts';
import { OxdnaResult, oxdnaKind } from '@switchyard/sdk/oxdna.ts';
import type { Attempt } from '../../domain/attempt.ts';
import { totalOf } from '../../domain/counts.ts';
import type { Result } from '../../domain/errors.ts';
import type { JobId, TaskId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Principal } from '../../domain/principal.ts';
import { describeReason } from '../../domain/reasons.ts';
import { isEnded, type Task } from '../../domain/task.ts';
import type { Engine } from '../../engine/engine.ts';
import type { StageFacts } from './sim-job.ts';
import { advance, Simulation } from './simulation.ts';

/** What `kinds/oxdna` keeps of a request (its `spec`), as far as it is looked at here. */
export interface KeptSpec {
  readonly topology: string;
  readonly configuration: string;
  readonly forces: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly stages: readonly unknown[];
  readonly steps: readonly number[];
}

const pageRows = 1_000;

/** One simulation from the store; null: its description is gone. `fresh`: as it was when it was submitted. */
export async function loadSimulation(engine: Engine, by: Principal, job: Job, how: { readonly fresh: boolean }) {
  return (await loadSimulations(engine, by, [job], how)).get(job.id) ?? null;
}

/** Many at once, in ascending order of their ids: few questions for all of them. */
export async function loadSimulations(
  engine: Engine,
  by: Principal,
  jobs: readonly Job[],
  { fresh }: { readonly fresh: boolean },
): Promise<ReadonlyMap<JobId, Simulation>> {
  const [specs, tasks] = await Promise.all([engine.query.specs(by, jobs), tasksOf(engine, by, jobs)]);
  const loaded = new Map<JobId, Simulation>();
  for (const job of jobs) {
    const spec = specs.get(job.id);
    if (spec === undefined) continue;
    const { metadata = {}, steps, topology, configuration, forces } = JSON.parse(spec) as KeptSpec;
    const stages = (tasks.get(job.id) ?? []).map(({ task, attempt }, i) =>
      fresh ? newStage(task.id, steps[i] ?? 1) : stageOf(engine, task, attempt, steps[i] ?? 1),
    );
    const canceling = !fresh && job.intent === 'cancel';
    const sources = { topology, configuration, forces };
    loaded.set(job.id, new Simulation({ id: job.id, metadata, stages, canceling, sources }));
  }
  return loaded;
}

interface StageRow {
  readonly task: Task;
  readonly attempt: Attempt | null;
}

/** The tasks of these jobs, each job's in order. Those of neighbours lie beside each other: many are had by one question. */
async function tasksOf(engine: Engine, by: Principal, jobs: readonly Job[]): Promise<ReadonlyMap<JobId, StageRow[]>> {
  const found = new Map<JobId, StageRow[]>(jobs.map(({ id }) => [id, []]));
  const [first, last] = [jobs[0], jobs.at(-1)];
  if (first === undefined || last === undefined) return found;
  const filter = first === last ? { job: first.id } : { kinds: [oxdnaKind] };
  const end = last.firstTask + totalOf(last.counts) - 1;
  for (let cursor: number = first.firstTask - 1; cursor < end; ) {
    const rows = await engine.query.tasks(by, filter, { limit: pageRows, cursor, order: 'asc' });
    for (const row of rows) found.get(row.task.job)?.push(row);
    cursor = rows.length < pageRows ? end : (rows.at(-1)?.task.id ?? end);
  }
  return found;
}

export async function readSpec(engine: Engine, by: Principal, job: JobId): Promise<Result<KeptSpec>> {
  const spec = await engine.query.spec(by, job);
  return spec.refusal !== undefined ? spec : { value: JSON.parse(spec.value) as KeptSpec };
}

const newStage = (task: TaskId, steps: number): StageFacts => ({
  ...{ task, steps, state: 'waiting', begun: false },
  ...{ extensions: 0, done: 0, error: null },
});

function stageOf(engine: Engine, task: Task, attempt: Attempt | null, steps: number): StageFacts {
  const stage = newStage(task.id, steps);
  stage.state = task.state.state;
  stage.begun = task.attempt > 0;
  if (isEnded(task.state)) takeEnd(stage, task, attempt);
  else {
    const last = engine.lastProgress(task.id);
    if (last !== null) advance(stage, last.done, last.total);
  }
  return stage;
}

const checkResult = compileCheck(OxdnaResult);

/** What an attempt left when it ended: how far it came, and why it went wrong. */
export function takeEnd(stage: StageFacts, task: Task, attempt: Attempt | null): void {
  const result = attempt?.result == null ? null : (JSON.parse(attempt.result) as unknown);
  if (result !== null && checkResult(result) === null) {
    const { steps, totalSteps } = result as OxdnaResult;
    advance(stage, steps, totalSteps);
  }
  if (task.state.state !== 'failed') return;
  const why = describeReason(task.state.reason, attempt ?? {});
  stage.error = attempt?.error || `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
}
