import { type Result, refuse } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import { commandsIn } from '../domain/variables.ts';

/** Refuses a plan whose tasks run command lines on render workers, for yards that do not want that (flamenco §8 C6). */
export function withoutCommandLines(plan: JobPlan): Result<JobPlan> {
  for (const { key, kind, body } of plan.tasks) {
    if (body === null || (kind !== 'debug' && !body.includes('"exec"'))) continue;
    const commands = commandsIn(body);
    if (commands === null) continue;
    if (kind === 'debug' || commands.some(({ name }) => name === 'exec')) {
      return refuse(
        'forbidden',
        `Task ${key ?? kind} runs a command line, which this server does not allow (flamenco.exec)`,
        '/spec',
      );
    }
  }
  return { value: plan };
}
