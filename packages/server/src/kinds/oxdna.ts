import { type OxdnaPayload, oxdnaFiles, oxdnaKind } from '@switchyard/sdk/oxdna.ts';
import type { BodyInput, TaskBody } from '@switchyard/sdk/task-spec.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { KindRow } from './kind-row.ts';
import { defaultStages } from './oxdna/defaults.ts';
import { OxdnaSpec as OxdnaSchema, type OxdnaSpec, stagesLength } from './oxdna/spec.ts';
import { readStage, type Stage } from './oxdna/stage.ts';
import { defaultMaxLosses, filesTag } from './shell-task.ts';

/** A DNA simulation: a chain of stages, each of which begins where the one before it ended (dnaforge §4). */
export const oxdna: KindRow = {
  text: 'a simulation with oxDNA in stages, each beginning where the one before it ended',
  spec: OxdnaSchema,
  compile(given) {
    const spec = given as OxdnaSpec;
    const read = readStages(spec);
    if (read.refusal !== undefined) return read;
    const stages = read.value;
    const tasks = stages.map(({ payload }, i) => planStage(spec, payload, i));
    const { title = '' } = spec.metadata ?? {};
    const name = title.toWellFormed().trim().slice(0, 80).toWellFormed() || 'oxDNA';
    const configs = stages.map(({ config }) => config);
    // The steps of each stage as they were asked for stand beside it: whoever shows progress needs not know the options.
    const steps = stages.map(({ payload }) => payload.steps);
    return { value: { name, spec: JSON.stringify({ ...spec, stages: configs, steps }), tasks } };
  },
};

function readStages({ stages: given, cuda = false }: OxdnaSpec): Result<Stage[]> {
  const stages: readonly unknown[] = given ?? defaultStages;
  const list: Stage[] = [];
  if (JSON.stringify(stages).length > stagesLength) {
    return refuse('too_large', `The stages are longer than ${stagesLength} characters`, '/spec/stages');
  }
  for (const [i, one] of stages.entries()) {
    const stage = readStage(one, i, { cuda });
    if (stage.refusal !== undefined) return stage;
    list.push(stage.value);
  }
  return { value: list };
}

function planStage(spec: OxdnaSpec, payload: OxdnaPayload, index: number): TaskPlan {
  const { needs = {} } = spec;
  return {
    key: `stage-${index}`,
    kind: oxdnaKind,
    tags: [...(needs.tags ?? []), filesTag],
    amounts: { slots: needs.slots ?? 1, cpus: needs.cpus ?? 0, ramMb: needs.ramMb ?? 0, named: needs.resources ?? {} },
    pools: needs.pools ?? {},
    pin: needs.worker ?? null,
    priority: spec.priority ?? 0,
    policy: {
      retries: spec.retries ?? 0,
      maxLosses: spec.maxLosses ?? defaultMaxLosses,
      on: 'any',
      backoffMs: 1_000,
      onLoss: 'requeue',
    },
    timeoutMs: spec.timeoutMs ?? 0,
    silenceMs: spec.silenceMs ?? 0,
    body: JSON.stringify({ payload, inputs: inputsOf(spec, index) } satisfies TaskBody),
    after: index === 0 ? [] : [index - 1],
    array: null,
    refersTo: index === 0 ? [] : [index - 1],
  };
}

function inputsOf({ topology, configuration, forces }: OxdnaSpec, index: number): BodyInput[] {
  const before = -1 - (index - 1);
  return [
    { path: oxdnaFiles.topology, blob: topology },
    index === 0
      ? { path: oxdnaFiles.start, blob: configuration }
      : { path: oxdnaFiles.start, task: before, count: 1, artifact: oxdnaFiles.end },
    { path: oxdnaFiles.forces, blob: forces },
  ];
}
