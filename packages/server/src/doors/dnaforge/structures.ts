import { oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Simulation } from './simulation.ts';

type Reading = Pick<Engine, 'files' | 'query'>;

/** A kept file as text; null: it is gone. */
export async function textOf({ files }: Pick<Engine, 'files'>, by: Principal, blob: string): Promise<string | null> {
  const found = await files.read(by, blob);
  if (found.refusal !== undefined) return null;
  const parts: Buffer[] = [];
  for await (const part of found.value.stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** Where the structure stands: the end of the last stage that is done, else where the first one begins (dnaforge §3.2). */
export async function standing(engine: Reading, by: Principal, sim: Simulation): Promise<string | null> {
  const { lastDone, sources } = sim;
  const blob = lastDone === undefined ? sources.configuration : await endOf(engine, by, lastDone.task);
  return blob === null ? null : textOf(engine, by, blob);
}

export async function endOf({ query }: Reading, by: Principal, task: number): Promise<string | null> {
  const artifacts = await query.artifacts(by, task);
  return artifacts.value?.find(({ path }) => path === oxdnaFiles.end)?.blob ?? null;
}
