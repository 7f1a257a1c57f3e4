import type { Progress } from '../../domain/attempt.ts';
import type { Change } from '../../domain/change.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { TaskStateName } from '../../domain/task.ts';
import { type SimFacts, type StageFacts, simJob } from './sim-job.ts';
import { ShownJob } from './translate.ts';

/** The three files that a job began with, as blobs. */
export interface Sources {
  readonly topology: string;
  readonly configuration: string;
  readonly forces: string;
}

/** One simulation as this door keeps it in memory: what is shown of it, and what has to be looked at next. */
export class Simulation implements SimFacts {
  readonly id: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly stages: readonly StageFacts[];
  readonly sources: Sources;
  canceling: boolean;
  #shown: ShownJob | null = null;

  constructor(facts: SimFacts & { readonly sources: Sources }) {
    this.id = facts.id;
    this.metadata = facts.metadata;
    this.stages = facts.stages;
    this.sources = facts.sources;
    this.canceling = facts.canceling;
  }

  /** As it is now; the same object until something changes. */
  get shown(): ShownJob {
    this.#shown ??= new ShownJob(simJob(this));
    return this.#shown;
  }

  stageOf(task: TaskId): StageFacts | undefined {
    return this.stages.find((stage) => stage.task === task);
  }

  /** The stage that runs or is next; undefined: all have succeeded. */
  get present(): StageFacts | undefined {
    return this.stages.find(({ state }) => state !== 'succeeded');
  }

  /** The last one that succeeded: its end is where the structure stands. */
  get lastDone(): StageFacts | undefined {
    return this.stages.findLast(({ state }) => state === 'succeeded');
  }

  change(change: Change): void {
    const data = JSON.parse(change.json) as { state: TaskStateName; intent?: string };
    if (change.kind === 'job.changed') this.canceling = data.intent === 'cancel';
    const stage = change.task === null ? undefined : this.stageOf(change.task);
    if (stage !== undefined) move(stage, data.state);
    this.#shown = null;
  }

  /** True: an extension began, which is told to everybody. */
  progress(stage: StageFacts, value: Progress): boolean {
    const before = stage.extensions;
    advance(stage, value.done, value.total);
    this.#shown = null;
    return stage.extensions !== before;
  }

  changed(): void {
    this.#shown = null;
  }
}

function move(stage: StageFacts, state: TaskStateName): void {
  stage.state = state;
  if (state === 'running') stage.begun = true;
  if (state !== 'failed') stage.error = null;
}

/** `total` is the steps of one run times one more than the extensions (`sdk/oxdna.ts`). */
export function advance(stage: StageFacts, done: number, total: number | null): void {
  stage.begun = true;
  stage.done = done;
  if (total !== null) stage.extensions = Math.max(0, Math.round(total / stage.steps) - 1);
}

const endStates: readonly TaskStateName[] = ['succeeded', 'failed', 'canceled'];
export const isEnd = (state: TaskStateName): boolean => endStates.includes(state);
