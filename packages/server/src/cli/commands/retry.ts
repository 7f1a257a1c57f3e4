import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withVerb } from '../kit/verb.ts';

export function define(command: Command): void {
  withVerb(command, {
    job: (client, id) => client.jobs.retry(id),
    task: (client, id) => client.tasks.retry(id),
  });
  withExamples(command, [
    ['switchyard retry 12', 'everything in it that failed or was canceled'],
    ['switchyard retry 12.7 t57', 'single tasks'],
  ]);
}
