import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { parseJob } from '../kit/target.ts';

export function define(command: Command): void {
  withJson(withConnection(command))
    .argument('<job>', 'id of a job')
    .argument('<priority>', 'higher first; 0 is usual; write negative ones after --', whole(-1_000_000, 1_000_000))
    .action(action(priority));
  withExamples(command, [
    ['switchyard priority 12 50', 'before everything that is usual'],
    ['switchyard priority 12 -- -10', 'when there is nothing else to do'],
  ]);
}

async function priority(
  { client }: Context,
  options: ConnectionOptions & JsonOption,
  id: string,
  value: number,
): Promise<number> {
  const moved = await client.jobs.setPriority(parseJob(id), value);
  if (options.json === true) printJson(moved);
  else print(`job ${moved.job.id} has priority ${moved.job.priority}`);
  return 0;
}
