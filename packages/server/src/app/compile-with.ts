import { buffer } from 'node:stream/consumers';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Result } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { withoutCommandLines } from '../kinds/command-lines.ts';
import { compile, endsWanted, looksAround } from '../kinds/index.ts';
import type { FileEnds } from '../kinds/kind-row.ts';
import type { Clock } from '../ports/clock.ts';

type Compiled = Result<JobPlan>;

/**
 * Compiles for all doors. Kinds that depend on the yard (its variables, what its workers offer) see it as it is now.
 * `commandLines: false`: jobs that run command lines on render workers are refused.
 */
export function compileWith(
  engine: Pick<Engine, 'query' | 'variables' | 'files'>,
  clock: Pick<Clock, 'now'>,
  { commandLines }: { readonly commandLines: boolean },
) {
  const allowed = (made: Compiled): Compiled =>
    commandLines || made.refusal !== undefined ? made : withoutCommandLines(made.value);
  return (request: JobRequest): Compiled | Promise<Compiled> =>
    looksAround(request.kind) ? compileInYard(request).then(allowed) : allowed(compile(request));

  async function compileInYard(request: JobRequest): Promise<Compiled> {
    const workers = await engine.query.workers(system);
    const offered = new Set(workers.flatMap(({ kinds }) => kinds));
    const wanted = endsWanted(request);
    return compile(request, {
      now: clock.now(),
      variables: engine.variables.all,
      offers: (kind) => offered.has(kind),
      worker: (id) => workers.find((worker) => worker.id === id) ?? null,
      ends: wanted === null ? null : await endsOf(wanted),
    });
  }

  async function endsOf({ blob, head, tail }: { blob: string; head: number; tail: number }): Promise<FileEnds | null> {
    const begin = await bytesOf(blob, 0, head - 1);
    if (begin === null) return null;
    const { size } = begin;
    const end = size <= head ? begin : await bytesOf(blob, Math.max(0, size - tail), size - 1);
    return end === null ? null : { size, head: begin.bytes, tail: end.bytes };
  }

  async function bytesOf(blob: string, start: number, end: number): Promise<{ bytes: Uint8Array; size: number } | null> {
    const read = await engine.files.read(system, blob, { start, end });
    return read.refusal === undefined ? { bytes: await buffer(read.value.stream), size: read.value.size } : null;
  }
}
