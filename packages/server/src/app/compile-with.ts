import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Result } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { compile, looksAround } from '../kinds/index.ts';
import type { Clock } from '../ports/clock.ts';

/** Compiles for all doors. Kinds that depend on the yard (its variables, what its workers offer) see it as it is now. */
export function compileWith(engine: Pick<Engine, 'query' | 'variables'>, clock: Pick<Clock, 'now'>) {
  return (request: JobRequest): Result<JobPlan> | Promise<Result<JobPlan>> =>
    looksAround(request.kind) ? compileInYard(request) : compile(request);

  async function compileInYard(request: JobRequest): Promise<Result<JobPlan>> {
    const offered = new Set((await engine.query.workers(system)).flatMap(({ kinds }) => kinds));
    const around = { now: clock.now(), variables: engine.variables.all, offers: (kind: string) => offered.has(kind) };
    return compile(request, around);
  }
}
