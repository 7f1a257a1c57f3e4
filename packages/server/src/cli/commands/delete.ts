import type { Command } from 'commander';
import { withExamples } from '../kit/help.ts';
import { withVerb } from '../kit/verb.ts';

export function define(command: Command): void {
  withVerb(command, { job: (client, id) => client.jobs.delete(id), task: null });
  withExamples(command, [
    ['switchyard delete 12', 'its tasks, output and files too; what runs is stopped first'],
    ["switchyard jobs --state succeeded --all --json | jq '.jobs[].id' | xargs switchyard delete", 'tidy up'],
  ]);
}
