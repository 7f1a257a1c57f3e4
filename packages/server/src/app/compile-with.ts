import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Result } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { withoutCommandLines } from '../kinds/command-lines.ts';
import { compile, looksAround } from '../kinds/index.ts';
import type { Clock } from '../ports/clock.ts';

type Compiled = Result<JobPlan>;

/**
 * Compiles for all doors. Kinds that depend on the yard (its variables, what its workers offer) see it as it is now.
 * `commandLines: false`: jobs that run command lines on render workers are refused.
 */
export function compileWith(
  engine: Pick<Engine, 'query' | 'variables'>,
  clock: Pick<Clock, 'now'>,
  { commandLines }: { readonly commandLines: boolean },
) {
  const allowed = (made: Compiled): Compiled =>
    commandLines || made.refusal !== undefined ? made : withoutCommandLines(made.value);
  return (request: JobRequest): Compiled | Promise<Compiled> =>
    looksAround(request.kind) ? compileInYard(request).then(allowed) : allowed(compile(request));

  async function compileInYard(request: JobRequest): Promise<Compiled> {
    const offered = new Set((await engine.query.workers(system)).flatMap(({ kinds }) => kinds));
    const around = { now: clock.now(), variables: engine.variables.all, offers: (kind: string) => offered.has(kind) };
    return compile(request, around);
  }
}
