import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withTaskVerb } from '../kit/task-verb.ts';

export function define(command: Command): void {
  withTaskVerb(command, 'running', (client, id) => client.tasks.suspend(id));
  withExamples(command, [
    ['switchyard pause 12', 'all that runs of it stands still and keeps its place'],
    ['switchyard pause 12.7', 'one index of an array'],
  ]);
}
