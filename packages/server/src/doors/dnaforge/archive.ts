import { PassThrough, Readable } from 'node:stream';
import { oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import { type Options, ZipFile } from 'yazl';
import type { Artifact } from '../../domain/attempt.ts';
import type { Engine } from '../../engine/engine.ts';
import { type Desk, doorPrincipal } from './desk.ts';
import { type KeptSpec, readSpec } from './load.ts';
import { wireId } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import { textOf } from './structures.ts';

/** Trajectories are large and read once: speed before size. */
const compressionLevel = 3;

/**
 * Everything that is kept of a simulation, in the reference's layout (dnaforge §4.1), made while it is being sent: nothing of it
 * stands on the disk or in memory as a whole. What the runs before an extension left is there too, under names of its own.
 */
export async function archive(desk: Pick<Desk, 'engine'>, sim: Simulation, signal: AbortSignal): Promise<Readable> {
  const spec = await readSpec(desk.engine, doorPrincipal, sim.id);
  if (spec.refusal !== undefined) throw new Error(`the description of job ${wireId(sim.id)} is missing`);
  const stages = await Promise.all(sim.stages.map(({ task }) => desk.engine.query.artifacts(doorPrincipal, task)));
  const zip = new Zip(desk.engine, signal);
  zip.text('job.json', sim.shown.text('today'));
  zip.blob('topology.top', sim.sources.topology);
  zip.blob('conf_start.dat', sim.sources.configuration);
  zip.blob('forces.forces', sim.sources.forces);
  let start: string | null = sim.sources.configuration;
  for (const [i, { value: artifacts = [] }] of stages.entries()) {
    await addStage(zip, desk.engine, i, { spec: spec.value, artifacts, start: sim.stages[i]?.begun === true ? start : null });
    start = artifacts.find(({ path }) => path === oxdnaFiles.end)?.blob ?? null;
  }
  return zip.end();
}

interface StageParts {
  readonly spec: KeptSpec;
  readonly artifacts: readonly Artifact[];
  readonly start: string | null;
}

async function addStage(zip: Zip, engine: Pick<Engine, 'files'>, index: number, { spec, artifacts, start }: StageParts) {
  zip.text(`${index}/stage.json`, JSON.stringify(spec.stages[index]));
  if (start !== null) zip.blob(`${index}/${oxdnaFiles.start}`, start);
  for (const { path, blob } of artifacts) {
    if (path === oxdnaFiles.start) continue;
    if (path === oxdnaFiles.input) zip.text(`${index}/${path}`, unpacked((await textOf(engine, doorPrincipal, blob)) ?? ''));
    else zip.blob(`${index}/${path}`, blob);
  }
}

/** Files that all stages share stand one folder up: the engine can be run by hand in the unpacked folder. */
function unpacked(input: string): string {
  return input
    .replace(/^(\s*topology\s*=\s*)topology\.top[ \t]*$/m, '$1../topology.top')
    .replace(/^(\s*external_forces_file\s*=\s*)forces\.forces[ \t]*$/m, '$1../forces.forces');
}

class Zip {
  readonly #file = new ZipFile();
  readonly #out = new PassThrough();
  readonly #engine: Pick<Engine, 'files'>;
  #open: Readable | null = null;

  constructor(engine: Pick<Engine, 'files'>, signal: AbortSignal) {
    this.#engine = engine;
    this.#file.on('error', (error: Error) => this.#out.destroy(error));
    (this.#file.outputStream as Readable).pipe(this.#out);
    // Whoever goes away in the middle leaves no file open.
    const stop = (): void => void this.#out.destroy();
    this.#out.once('close', () => {
      signal.removeEventListener('abort', stop);
      this.#open?.destroy();
      (this.#file.outputStream as Readable).destroy();
    });
    this.#out.on('error', () => {});
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  }

  text(path: string, text: string): void {
    this.#file.addBuffer(Buffer.from(text, 'utf8'), path, entry);
  }

  blob(path: string, blob: string): void {
    this.#file.addReadStreamLazy(path, entry, (give) => void this.#read(blob).then(...settled(give)));
  }

  end(): Readable {
    this.#file.end();
    return this.#out;
  }

  async #read(blob: string): Promise<Readable> {
    if (this.#out.destroyed) return Readable.from([]);
    const found = await this.#engine.files.read(doorPrincipal, blob);
    if (found.refusal !== undefined) throw new Error(`a file of this archive is gone: ${found.refusal.detail}`);
    this.#open = found.value.stream;
    if (this.#out.destroyed) found.value.stream.destroy();
    return found.value.stream;
  }
}

const entry: Partial<Options> = { compressionLevel };

type Give = (error: unknown, stream: NodeJS.ReadableStream) => void;

const settled = (give: Give): [(stream: Readable) => void, (error: unknown) => void] => [
  (stream) => give(null, stream),
  (error) => give(error, Readable.from([])),
];
