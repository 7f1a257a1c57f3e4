import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withVerb } from '../kit/verb.ts';

export function define(command: Command): void {
  withVerb(command, {
    job: (client, id) => client.jobs.hold(id),
    task: (client, id) => client.tasks.hold(id),
  });
  withExamples(command, [
    ['switchyard hold 12', 'nothing more of it starts; what runs goes on'],
    ['switchyard hold 12.7 t57', 'single tasks'],
  ]);
}
