import type { Client } from '@switchyard/sdk/client/client.ts';
import type { TaskStateName, TaskView } from '@switchyard/sdk/task.ts';
import type { Command } from 'commander';
import { action, type Context } from './action.ts';
import { CliError } from './cli-error.ts';
import { type ConnectionOptions, withConnection } from './connection.ts';
import { type JsonOption, withJson } from './options.ts';
import { print, printJson } from './output.ts';
import { parseTarget, type Target, targetHelp, taskIdOf, tasksOf } from './target.ts';

type Options = ConnectionOptions & JsonOption;

/** Something that is done to single tasks; of a job to all that are in `state`. */
export function withTaskVerb(
  command: Command,
  state: TaskStateName,
  act: (client: Client, id: number) => Promise<TaskView>,
): Command {
  return withJson(withConnection(command))
    .argument('<ids...>', targetHelp)
    .action(
      action(async ({ client }: Context, options: Options, words: readonly string[]) => {
        const done: TaskView[] = [];
        for (const target of words.map(parseTarget)) {
          for await (const id of tasksMeant(client, target, state)) done.push(await act(client, id));
        }
        if (options.json === true) printJson({ results: done });
        else for (const task of done) print(`task t${task.id} ${task.state}`);
        return 0;
      }),
    );
}

async function* tasksMeant(client: Client, target: Target, state: TaskStateName): AsyncGenerator<number> {
  if (target.is !== 'job') return yield await taskIdOf(client, target);
  let none = true;
  for await (const task of tasksOf(client, target.job, { state: [state] })) {
    none = false;
    yield task.id;
  }
  if (none) throw new CliError(`No task of job ${target.job} is ${state}.`);
}
