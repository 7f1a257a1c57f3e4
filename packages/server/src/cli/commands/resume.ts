import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withTaskVerb } from '../kit/task-verb.ts';

export function define(command: Command): void {
  withTaskVerb(command, 'suspended', (client, id) => client.tasks.resume(id));
  withExamples(command, [
    ['switchyard resume 12', 'all that stands still of it goes on'],
    ['switchyard resume 12.7', 'one index of an array'],
  ]);
}
