import { type OxdnaCheckpoint, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import type { WireArtifact } from '@switchyard/sdk/worker-wire.ts';
import type { Collected, Uploaded, WantedFile } from '../../artifacts.ts';
import type { RunContext } from '../runner.ts';

/** A checkpoint is small: beyond so many files the oldest runs' are not named in it. */
const checkpointFiles = 300;

/**
 * Files of finished runs on their way to the server while the next run goes on. When all of a run's are there the checkpoint
 * says so: from then on another attempt can begin after it.
 */
export class KeptFiles {
  readonly #context: RunContext;
  #kept: readonly WireArtifact[];
  #waiting: readonly WantedFile[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(context: RunContext, kept: readonly WireArtifact[]) {
    this.#context = context;
    this.#kept = kept;
  }

  /** `start`: which of the files the next run begins with. */
  add(files: readonly WantedFile[], next: { readonly extensions: number; readonly start: string }): void {
    this.#waiting = [...this.#waiting, ...files];
    this.#work = this.#work.then(() => this.#keep(next));
  }

  /** Nothing is on its way any more. */
  settled(): Promise<void> {
    return this.#work;
  }

  /**
   * The last ones, and those that could not be kept before. What has been computed for days is not given up because the server
   * is away: it is waited for, as long as nobody tells the attempt to end.
   */
  async finish(files: readonly WantedFile[]): Promise<Collected> {
    await this.#work;
    this.#waiting = [...this.#waiting, ...files];
    for (;;) {
      const { problem, again } = await this.#upload();
      if (problem === null || !again || this.#context.stopped() !== null) return { artifacts: this.#kept, problem };
    }
  }

  async #keep({ extensions, start }: { extensions: number; start: string }): Promise<void> {
    if ((await this.#upload()).problem !== null) return;
    const begun = this.#kept.find(({ path }) => path === start);
    if (begun === undefined) return;
    const kept = this.#kept.slice(-checkpointFiles);
    const checkpoint: OxdnaCheckpoint = { extensions, start: { ...begun, path: oxdnaFiles.start }, kept: [...kept] };
    this.#context.report({ checkpoint });
  }

  async #upload(): Promise<Uploaded> {
    const uploaded = await this.#context.upload(this.#waiting);
    const { artifacts, problem } = uploaded;
    this.#kept = [...this.#kept, ...artifacts];
    const done = new Set(artifacts.map(({ path }) => path));
    this.#waiting = problem === null ? [] : this.#waiting.filter(({ path }) => !done.has(path));
    return uploaded;
  }
}
