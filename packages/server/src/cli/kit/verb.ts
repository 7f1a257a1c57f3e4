import type { Client } from '@switchyard/sdk/client/client.ts';
import type { MovedView } from '@switchyard/sdk/job-detail.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import type { Command } from 'commander';
import { action, type Context } from './action.ts';
import { type ConnectionOptions, withConnection } from './connection.ts';
import { explain } from './explain.ts';
import { type JsonOption, withJson } from './options.ts';
import { print, printJson, say } from './output.ts';
import { countsText } from './states.ts';
import { parseTarget, targetHelp, taskIdOf } from './target.ts';

/** Something that is done to jobs and tasks, one after the other; the last exit code that is not 0 counts. */
export interface Verb<O> {
  readonly job: (client: Client, id: number, options: O) => Promise<MovedView>;
  /** Null: only whole jobs. */
  readonly task: ((client: Client, id: number, options: O) => Promise<TaskView>) | null;
}

type VerbOptions<O> = O & ConnectionOptions & JsonOption;

export function withVerb<O extends object>(command: Command, verb: Verb<O>): Command {
  return withJson(withConnection(command))
    .optionsGroup('Options:')
    .argument('<ids...>', verb.task === null ? 'ids of jobs' : targetHelp)
    .action(action((context: Context, options: VerbOptions<O>, ids: readonly string[]) => doAll(context, verb, options, ids)));
}

async function doAll<O extends object>(
  context: Context,
  verb: Verb<O>,
  options: VerbOptions<O>,
  ids: readonly string[],
): Promise<number> {
  const targets = ids.map(parseTarget);
  const results: (MovedView | TaskView)[] = [];
  let code = 0;
  for (const [at, target] of targets.entries()) {
    try {
      const result =
        target.is === 'job' || verb.task === null
          ? await verb.job(context.client, jobOf(target, ids[at] ?? ''), options)
          : await verb.task(context.client, await taskIdOf(context.client, target), options);
      results.push(result);
      if (options.json !== true) print(lineOf(result));
    } catch (error) {
      const { text, exitCode } = explain(error, context);
      say(`switchyard: ${text}`);
      code = exitCode;
      // Without a server or a token the rest would fail in the same way.
      if (exitCode > 2) break;
    }
  }
  if (options.json === true) printJson({ results });
  return code;
}

function jobOf(target: ReturnType<typeof parseTarget>, word: string): number {
  if (target.is === 'job') return target.job;
  throw new Error(`"${word}" is one task; this works on whole jobs`);
}

function lineOf(result: MovedView | TaskView): string {
  if (!('moved' in result)) return `task t${result.id} ${result.held && result.state === 'waiting' ? 'held' : result.state}`;
  const { job, sweeping } = result;
  return `job ${job.id} ${job.state} (${countsText(job.counts)})${sweeping ? '; the rest follows' : ''}`;
}
