import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { newBar } from './new-bar.ts';

/** A bar on standard error for the steps of a job of stages, extensions counted in; null where nobody would see it. */
export interface StageBar {
  job(job: JobDetail): void;
  progress(progress: ProgressEvent): void;
  stop(): void;
}

export function stageBar(stream: NodeJS.WriteStream = process.stderr): StageBar | null {
  if (stream.isTTY !== true) return null;
  const bar = newBar('{bar} {percentage}%  {value}/{total} steps  {now}  {duration_formatted}', stream);
  let steps: StageSteps | null = null;
  let started = false;
  const show = (): void => {
    if (steps === null) return;
    const { done, total, now } = steps;
    if (!started) bar.start(total, done, { now });
    started = true;
    bar.setTotal(total);
    bar.update(done, { now });
  };
  return {
    job(job) {
      steps ??= new StageSteps(job);
      steps.job(job);
      show();
    },
    progress(progress) {
      steps?.progress(progress);
      show();
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

/** How far the stages of a job have come, in steps: tasks follow each other, each with the steps of the job's `spec`. */
export class StageSteps {
  readonly #first: number;
  readonly #done: number[];
  readonly #total: number[];
  #ended = 0;
  #running = false;

  constructor({ firstTask, spec, total }: JobDetail) {
    const { steps = [] } = spec as { steps?: readonly number[] };
    this.#first = firstTask;
    this.#total = Array.from({ length: total }, (_, i) => steps[i] ?? 1);
    this.#done = this.#total.map(() => 0);
  }

  job({ counts }: Pick<JobDetail, 'counts'>): void {
    this.#ended = counts.succeeded;
    this.#running = counts.running > 0;
    for (let i = 0; i < this.#ended; i++) this.#done[i] = this.#total[i] ?? 0;
  }

  progress({ task, done, total }: ProgressEvent): void {
    const stage = task - this.#first;
    if (this.#done[stage] === undefined) return;
    this.#done[stage] = done;
    if (total !== null) this.#total[stage] = total;
  }

  get done(): number {
    return sum(this.#done);
  }

  get total(): number {
    return sum(this.#total);
  }

  get now(): string {
    const stages = this.#total.length;
    if (this.#ended === stages) return 'done';
    return `stage ${this.#ended + 1} / ${stages}${this.#running ? '' : ', waiting'}`;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
