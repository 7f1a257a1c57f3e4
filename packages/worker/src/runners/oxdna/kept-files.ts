import { type OxdnaCheckpoint, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import type { WireArtifact } from '@switchyard/sdk/worker-wire.ts';
import type { Collected } from '../../artifacts.ts';
import type { RunContext } from '../runner.ts';

/** A checkpoint is small: beyond so many files the oldest runs' are not named in it. */
const checkpointFiles = 300;

interface Wanted {
  readonly path: string;
  readonly file: string;
}

/**
 * Files of finished runs on their way to the server while the next run goes on. When all of a run's are there the checkpoint
 * says so: from then on another attempt can begin after it.
 */
export class KeptFiles {
  readonly #context: RunContext;
  #kept: readonly WireArtifact[];
  #waiting: readonly Wanted[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(context: RunContext, kept: readonly WireArtifact[]) {
    this.#context = context;
    this.#kept = kept;
  }

  /** `start`: which of the files the next run begins with. */
  add(files: readonly Wanted[], next: { readonly extensions: number; readonly start: string }): void {
    this.#waiting = [...this.#waiting, ...files];
    this.#work = this.#work.then(() => this.#keep(next));
  }

  /** Nothing is on its way any more. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** The last ones, and those that could not be kept before. */
  async finish(files: readonly Wanted[]): Promise<Collected> {
    await this.#work;
    this.#waiting = [...this.#waiting, ...files];
    const problem = await this.#upload();
    return { artifacts: this.#kept, problem };
  }

  async #keep({ extensions, start }: { extensions: number; start: string }): Promise<void> {
    if ((await this.#upload()) !== null) return;
    const begun = this.#kept.find(({ path }) => path === start);
    if (begun === undefined) return;
    const kept = this.#kept.slice(-checkpointFiles);
    const checkpoint: OxdnaCheckpoint = { extensions, start: { ...begun, path: oxdnaFiles.start }, kept: [...kept] };
    this.#context.report({ checkpoint });
  }

  /** What could not be kept, or null. */
  async #upload(): Promise<string | null> {
    const { artifacts, problem } = await this.#context.upload(this.#waiting);
    this.#kept = [...this.#kept, ...artifacts];
    const done = new Set(artifacts.map(({ path }) => path));
    this.#waiting = problem === null ? [] : this.#waiting.filter(({ path }) => !done.has(path));
    return problem;
  }
}
