import type { CauseView, JobWhyView, TaskWhyView } from '@switchyard/sdk/why.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, paint, print, printJson } from '../kit/output.ts';
import { parseTarget, targetHelp, taskIdOf } from '../kit/target.ts';

type Options = ConnectionOptions & JsonOption;

export function define(command: Command): void {
  withJson(withConnection(command)).argument('<id>', targetHelp).action(action(why));
  withExamples(command, [
    ['switchyard why 12', 'what keeps the tasks of job 12 from starting'],
    ['switchyard why t57', 'the same for one task'],
  ]);
}

async function why({ client }: Context, options: Options, word: string): Promise<number> {
  const target = parseTarget(word);
  if (target.is === 'job') {
    const found = await client.jobs.why(target.job);
    if (options.json === true) printJson(found);
    else print(jobText(found));
    return 0;
  }
  const found = await client.tasks.why(await taskIdOf(client, target));
  if (options.json === true) printJson(found);
  else print(taskText(found));
  return 0;
}

const keeps = ({ text }: CauseView): string => `  ${paint('dim', '-')} ${clean(text)}`;

function taskText({ task, state, causes }: TaskWhyView): string {
  if (state !== 'waiting' && state !== 'ready' && state !== 'offered') return `Task t${task} is ${state}: it does not wait.`;
  if (causes.length === 0) return `Nothing keeps task t${task}: it starts at any moment.`;
  return [`Task t${task} is ${state}:`, ...causes.map(keeps)].join('\n');
}

function jobText(found: JobWhyView): string {
  const { job, state, waiting, causes } = found;
  if (waiting === 0) return `Job ${job} is ${state}: none of its tasks waits.`;
  if (causes.length === 0) return `Nothing keeps the tasks of job ${job}: they start at any moment.`;
  return [`Job ${job} is ${state}; ${waiting === 1 ? 'one task waits' : `${waiting} tasks wait`}:`, ...jobCauses(found)].join(
    '\n',
  );
}

/** One line per reason, with how many tasks it is true of. */
export function jobCauses({ waiting, causes }: JobWhyView): string[] {
  return causes.map((cause) =>
    cause.tasks === waiting ? keeps(cause) : `${keeps(cause)} ${paint('dim', `(${cause.tasks} of ${waiting})`)}`,
  );
}
