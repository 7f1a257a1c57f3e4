import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withVerb } from '../kit/verb.ts';

interface Options {
  readonly kill?: boolean;
}

export function define(command: Command): void {
  withVerb<Options>(command, {
    job: (client, id, { kill = false }) => client.jobs.cancel(id, { kill }),
    task: (client, id, { kill = false }) => client.tasks.cancel(id, { kill }),
  }).option('--kill', 'stop what is running too, with everything it started');
  withExamples(command, [
    ['switchyard cancel 12', 'what has not started yet'],
    ['switchyard cancel --kill 12 13', 'what runs too'],
    ['switchyard cancel --kill 12.7', 'one index of an array'],
  ]);
}
