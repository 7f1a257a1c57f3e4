import type { JobRequest } from '@switchyard/sdk/job.ts';
import { type Result, refuse } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Desk, Visitor } from './desk.ts';
import { principalOf } from './desk.ts';
import type { JobNew } from './messages.ts';
import { isFinal, wireId } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import type { ShownJob } from './translate.ts';

/** What a client may ask for, whichever way it asks. Everybody has been told of it when the answer is given. */

export async function submit(desk: Desk, visitor: Visitor, asked: JobNew): Promise<Result<ShownJob>> {
  const by = principalOf(visitor);
  // Stages are checked before anything is stored.
  const plan = await desk.compile(requestOf(desk, asked, noFiles));
  if (plan.refusal !== undefined) return plan;
  const files = await keepFiles(desk, by, asked);
  if (files.refusal !== undefined) return files;
  const compiled = await desk.compile(requestOf(desk, asked, files.value));
  if (compiled.refusal !== undefined) return compiled;
  await desk.board.ready();
  const submitted = await desk.engine.submit(by, compiled.value);
  if (submitted.refusal !== undefined) return submitted;
  const sim = await desk.board.find(submitted.value.job.id);
  return sim === null ? refuse('gone', 'The job was deleted at once') : { value: sim.shown };
}

export async function cancel(desk: Desk, visitor: Visitor, sim: Simulation): Promise<Result<null>> {
  if (isFinal(sim.shown.job)) return done;
  const moved = await desk.engine.command(principalOf(visitor), 'cancel', { job: sim.id, kill: true });
  // It ended by itself in this moment: nothing is left to cancel.
  if (moved.refusal !== undefined && moved.refusal.code !== 'wrong_state') return moved;
  await desk.board.told(sim.id);
  return done;
}

export async function remove(desk: Desk, visitor: Visitor, sim: Simulation): Promise<Result<null>> {
  const listed = desk.board.lists(sim.id);
  const moved = await desk.engine.command(principalOf(visitor), 'delete', { job: sim.id });
  if (moved.refusal !== undefined) return moved;
  await desk.board.told(sim.id);
  if (!listed) desk.crowd.state(wireId(sim.id), null);
  return done;
}

/** Its structure is shown at once where it rests; while it runs, with the next print (dnaforge §4.2). */
export async function subscribe(desk: Desk, visitor: Visitor, sim: Simulation): Promise<void> {
  const watcher = desk.subscriptions.set(visitor.id, sim);
  if (sim.shown.job.status === 'RUNNING') return;
  const structure = await watcher.standing();
  if (structure === null || desk.subscriptions.of(visitor.id) !== sim.id) return;
  desk.crowd.structure(wireId(sim.id), sim, structure, (link) => link.visitor?.id === visitor.id);
}

export function unsubscribe(desk: Desk, visitor: Visitor): void {
  desk.subscriptions.end(visitor.id);
}

const done: Result<null> = { value: null };

interface Files {
  readonly topology: string;
  readonly configuration: string;
  readonly forces: string;
}

/** In place of files that are not stored yet. */
const noFiles: Files = { topology: '0'.repeat(64), configuration: '0'.repeat(64), forces: '0'.repeat(64) };

function requestOf({ policy }: Desk, { configs, metadata = {} }: JobNew, files: Files): JobRequest {
  const { cuda, silenceMs } = policy;
  const common = { ...files, metadata, cuda, silenceMs };
  return { kind: 'oxdna', spec: { ...common, stages: configs } };
}

async function keepFiles({ engine }: Desk, by: Principal, { top, dat, forces }: JobNew): Promise<Result<Files>> {
  const keep = (text: string) => engine.files.write(by, oneChunk(Buffer.from(text.replaceAll('\r\n', '\n'), 'utf8')));
  const [topology, configuration, outer] = await Promise.all([keep(top), keep(dat), keep(forces)]);
  if (topology.refusal !== undefined) return topology;
  if (configuration.refusal !== undefined) return configuration;
  if (outer.refusal !== undefined) return outer;
  return { value: { topology: topology.value.blob, configuration: configuration.value.blob, forces: outer.value.blob } };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
