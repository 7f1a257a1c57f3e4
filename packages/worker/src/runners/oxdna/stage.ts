import { copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OxdnaCheckpoint, type OxdnaPayload, oxdnaFiles, oxdnaKeptName, oxdnaLive } from '@switchyard/sdk/oxdna.ts';
import type { LiveValue } from '../../live-values.ts';
import { failed, giveBack, type Outcome, succeeded } from '../../outcome.ts';
import type { ProcessEnd } from '../../owned-process.ts';
import type { RunContext } from '../runner.ts';
import { catchConfiguration, particlesIn, readConfiguration } from './configuration.ts';
import { EnergyLines, type Seen } from './energy-lines.ts';
import { EngineLog } from './engine-log.ts';
import { type InputKeys, inputText } from './input-text.ts';
import { KeptFiles } from './kept-files.ts';
import { limited } from './limited.ts';
import { libraries, versionOf } from './program.ts';
import { Recent } from './restless.ts';
import { SeriesTable } from './series-table.ts';
import { resultOf } from './stage-result.ts';

export interface StageParts {
  readonly context: RunContext;
  readonly payload: OxdnaPayload;
  readonly keys: InputKeys;
  readonly program: string;
  /** With the inputs in it. */
  readonly folder: string;
  /** Where an earlier attempt had come to. */
  readonly checkpoint: OxdnaCheckpoint | null;
}

/** One attempt of a stage: runs of the engine, one after the other, until the structure rests or may not be extended. */
export class Stage {
  readonly #parts: StageParts;
  readonly #particles: number;
  readonly #log: EngineLog;
  readonly #series: SeriesTable;
  readonly #kept: KeptFiles;
  #extension: number;
  #recent = new Recent();
  /** Done of the present run. */
  #step = 0;
  /** What we found wrong with what the engine said: it is ended for it. */
  #fault: string | null = null;

  /** Runs it to its end; its files are kept, whatever the end is. */
  static async run(parts: StageParts): Promise<Outcome> {
    const particles = await particlesIn(join(parts.folder, oxdnaFiles.topology)).catch(() => null);
    if (particles === null) return failed({ reason: 'error', error: 'the topology does not begin with a number of nucleotides' });
    const stage = new Stage(parts, particles);
    try {
      return await stage.#end(await stage.#runAll());
    } finally {
      stage.#log.close();
    }
  }

  private constructor(parts: StageParts, particles: number) {
    const { context, checkpoint, folder } = parts;
    this.#parts = parts;
    this.#particles = particles;
    this.#extension = checkpoint?.extensions ?? 0;
    this.#log = new EngineLog(join(folder, oxdnaFiles.log));
    this.#series = new SeriesTable(context.note);
    this.#kept = new KeptFiles(context, checkpoint?.kept ?? []);
  }

  async #runAll(): Promise<Outcome> {
    const { payload, keys, folder, context } = this.#parts;
    await writeFile(join(folder, oxdnaFiles.input), inputText(keys, payload));
    for (;;) {
      const bad = await this.#runOnce();
      if (bad !== null) return bad;
      const extend = payload.autoExtend && this.#extension < payload.maxExtensions && this.#recent.restless;
      if (!extend) return succeeded;
      await this.#extend();
      if (context.stopped() !== null) return this.#stopped({ exitCode: null, signal: null, survivors: false });
    }
  }

  /** Null: it went well. */
  async #runOnce(): Promise<Outcome | null> {
    const { context, program, folder, keys } = this.#parts;
    this.#recent = new Recent();
    this.#step = 0;
    this.#log.begins();
    this.#report();
    const enough = new AbortController();
    const lines = new EnergyLines((seen) => {
      this.#see(seen);
      if (this.#fault !== null) enough.abort();
    });
    // CUDA maps far more than it uses.
    const ramMb = keys.get('backend') === 'CUDA' ? 0 : context.task.amounts.ramMb;
    const ran = await context.spawn({
      argv: limited([program, oxdnaFiles.input], ramMb),
      cwd: folder,
      env: { ...libraries(context.environment), LC_ALL: 'C', HOME: folder, TMPDIR: folder },
      stdout: 'capture',
      stderr: 'capture',
      readOut: (piece) => lines.read(piece),
      seeErr: (piece) => this.#log.take(piece),
      end: enough.signal,
    });
    if ('busy' in ran) return giveBack('defer', ran.busy);
    if ('failed' in ran) return failed({ reason: 'start', error: ran.failed });
    return await this.#verdict(ran.end);
  }

  async #verdict(end: ProcessEnd): Promise<Outcome | null> {
    const { exitCode, signal } = end;
    if (this.#parts.context.stopped() !== null) return this.#stopped(end);
    if (this.#fault !== null) return failed({ reason: 'error', exitCode, signal, error: this.#withLog(this.#fault) });
    if (exitCode !== 0) return this.#failedBy(end);
    const { steps } = this.#parts.payload;
    const last = await this.#configuration().catch(() => null);
    if (last === null) return this.#incomplete('oxDNA ended well, but left no whole configuration');
    if (last.step < steps) return this.#incomplete(`oxDNA ended at step ${last.step} of ${steps}`);
    this.#step = steps;
    this.#report();
    return null;
  }

  #incomplete(text: string): Outcome {
    return failed({ reason: 'error', exitCode: 0, error: this.#withLog(text) });
  }

  #stopped({ exitCode, signal }: ProcessEnd): Outcome {
    const { total } = this.#steps();
    return failed({
      reason: 'signal',
      exitCode,
      signal,
      error: `it was stopped at step ${this.#base() + this.#step} of ${total}`,
    });
  }

  #failedBy({ exitCode, signal }: ProcessEnd): Outcome {
    const how = signal === null ? `oxDNA ended with exit code ${exitCode}` : `oxDNA was ended by ${signal}`;
    const step = `${how} after step ${this.#base() + this.#step}`;
    const error = this.#withLog(this.#log.error ?? step);
    return failed({ reason: signal === null ? 'exit' : 'signal', exitCode, signal, error });
  }

  /** What is wrong, then what the engine said last. */
  #withLog(text: string): string {
    const { lines } = this.#log;
    return lines.length === 0 ? text : `${text}\nThe last lines of its log:\n${lines.join('\n')}`;
  }

  #see(seen: Seen): void {
    if ('fault' in seen) {
      this.#fault ??= seen.fault;
      return;
    }
    if (this.#fault !== null) return;
    this.#step = Math.min(seen.step, this.#parts.payload.steps);
    this.#series.add(seen, this.#base(), this.#extension);
    this.#recent.add(seen);
    if (!Number.isFinite(seen.energy)) {
      this.#fault = `the structure blew up at step ${this.#base() + seen.step}: its energy is ${seen.energy}`;
      return;
    }
    this.#report();
    this.#parts.context.live(oxdnaLive.configuration, () => this.#live());
  }

  #base(): number {
    return this.#extension * this.#parts.payload.steps;
  }

  #steps(): { done: number; total: number } {
    const base = this.#base();
    return { done: base + this.#step, total: base + this.#parts.payload.steps };
  }

  #report(): void {
    const stage = `stage ${this.#parts.payload.stage + 1}`;
    const phase = this.#extension === 0 ? stage : `${stage}, extension ${this.#extension}`;
    this.#parts.context.report({ progress: { ...this.#steps(), unit: 'steps' }, phase });
  }

  #configuration() {
    return readConfiguration(join(this.#parts.folder, oxdnaFiles.end), this.#particles);
  }

  async #live(): Promise<LiveValue | null> {
    const extension = this.#extension;
    const found = await catchConfiguration(join(this.#parts.folder, oxdnaFiles.end), this.#particles);
    // The file is the next run's by now, or its step counts from another base.
    if (found === null || extension !== this.#extension) return null;
    return { at: this.#base() + found.step, bytes: found.bytes };
  }

  /** What this run has left gets names of its own; its end is the next one's start. */
  async #extend(): Promise<void> {
    const { folder, payload } = this.#parts;
    const files: string[] = [];
    for (const name of [oxdnaFiles.end, oxdnaFiles.energy, ...(payload.createTrajectory ? [oxdnaFiles.trajectory] : [])]) {
      const kept = oxdnaKeptName(name, this.#extension);
      await rename(join(folder, name), join(folder, kept));
      files.push(kept);
    }
    const [start = ''] = files;
    await copyFile(join(folder, start), join(folder, oxdnaFiles.start));
    this.#extension += 1;
    this.#step = 0;
    const paths = files.map((path) => ({ path, file: join(folder, path) }));
    this.#kept.add(paths, { extensions: this.#extension, start });
  }

  async #end(outcome: Outcome): Promise<Outcome> {
    this.#series.flush();
    if (outcome.giveBack !== undefined) {
      await this.#kept.settled();
      return outcome;
    }
    const { artifacts, problem } = await this.#kept.finish(await this.#lastFiles());
    const { program, context } = this.#parts;
    const engine = await versionOf(program, context.environment);
    const result = resultOf({ ...this.#steps(), extensions: this.#extension, last: this.#recent.last, engine });
    const kept = { ...outcome, artifacts: [...artifacts], result };
    if (problem === null || outcome.outcome === 'failed') return kept;
    return { ...kept, outcome: 'failed', reason: 'error', error: problem };
  }

  async #lastFiles(): Promise<{ path: string; file: string }[]> {
    const { folder, payload } = this.#parts;
    const names: string[] = [oxdnaFiles.input, oxdnaFiles.start, oxdnaFiles.energy, oxdnaFiles.log];
    if (payload.createTrajectory) names.push(oxdnaFiles.trajectory);
    const files = names.map((path) => ({ path, file: join(folder, path) }));
    const whole = (await this.#configuration().catch(() => null)) !== null;
    // An extension that has not printed yet: it has not come further than its start.
    if (whole) files.push({ path: oxdnaFiles.end, file: join(folder, oxdnaFiles.end) });
    else if (this.#extension > 0) files.push({ path: oxdnaFiles.end, file: join(folder, oxdnaFiles.start) });
    return files;
  }
}
