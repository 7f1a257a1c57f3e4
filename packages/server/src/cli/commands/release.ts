import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withVerb } from '../kit/verb.ts';

export function define(command: Command): void {
  withVerb(command, {
    job: (client, id) => client.jobs.release(id),
    task: (client, id) => client.tasks.release(id),
  });
  withExamples(command, [
    ['switchyard release 12', 'it may start again'],
    ['switchyard release 12.7 t57', 'single tasks'],
  ]);
}
