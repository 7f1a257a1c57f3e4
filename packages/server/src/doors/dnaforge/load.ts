import { compileCheck } from '@switchyard/sdk/check.ts';
import { OxdnaResult } from '@switchyard/sdk/oxdna.ts';
import type { Attempt } from '../../domain/attempt.ts';
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

/** One simulation from the store; null: there is none of this id. `fresh`: as it was when it was submitted. */
export async function loadSimulation(
  engine: Engine,
  by: Principal,
  job: Job,
  how: { readonly fresh: boolean },
): Promise<Simulation | null> {
  const [spec, tasks] = await Promise.all([
    readSpec(engine, by, job.id),
    engine.query.tasks(by, { job: job.id }, { limit: pageRows, cursor: null, order: 'asc' }),
  ]);
  if (spec.refusal !== undefined) return null;
  const { metadata = {}, steps, topology, configuration, forces } = spec.value;
  const stages = tasks.map(({ task, attempt }, i) =>
    how.fresh ? newStage(task.id, steps[i] ?? 1) : stageOf(engine, task, attempt, steps[i] ?? 1),
  );
  const canceling = !how.fresh && job.intent === 'cancel';
  return new Simulation({ id: job.id, metadata, stages, canceling, sources: { topology, configuration, forces } });
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
