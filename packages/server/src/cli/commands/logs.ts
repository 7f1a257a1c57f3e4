import type { Client } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { onInterrupt } from '../kit/interrupt.ts';
import { whole } from '../kit/numbers.ts';
import { say, writeBytes } from '../kit/output.ts';
import { streamTask } from '../kit/stream-task.ts';
import { parseTarget, targetHelp, taskIdOf } from '../kit/target.ts';

interface Options extends ConnectionOptions {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly out?: boolean;
  readonly err?: boolean;
  readonly log?: boolean;
  readonly tail?: number;
}

type Stream = 'out' | 'err' | 'log';

export function define(command: Command): void {
  withConnection(command)
    .optionsGroup('Options:')
    .argument('<id>', targetHelp)
    .option('-f, --follow', 'go on until the task has ended, attempt after attempt')
    .option('--attempt <n>', 'of this attempt; default: the latest', whole(1))
    .option('--out', 'only standard output')
    .option('--err', 'only standard error')
    .option('--log', 'only what the worker itself wrote about it')
    .option('--tail <bytes>', 'only the last bytes', whole(1))
    .action(action(logs));
  withExamples(
    command,
    [
      ['switchyard logs 12', 'what job 12 has written so far'],
      ['switchyard logs -f 12.7', 'index 7 of its array, live'],
      ['switchyard logs --err --attempt 1 t57 > first-try.txt', 'one stream of one attempt'],
    ],
    'Standard output goes to standard output, standard error to standard error.',
  );
}

async function logs({ client }: Context, options: Options, word: string): Promise<number> {
  const task = await taskIdOf(client, parseTarget(word));
  const chosen = (['out', 'err', 'log'] as const).filter((stream) => options[stream] === true);
  const streams = chosen.length > 0 ? chosen : await usualStreams(client, task);
  if (options.follow === true) return follow(client, task, streams, options);
  for (const stream of streams) await copyOnce(client, task, stream, options);
  return 0;
}

/** Output, or, where a worker hands in nothing but a log of its own (a render node), that. */
async function usualStreams(client: Client, task: number): Promise<readonly Stream[]> {
  const { logs } = await client.tasks.show(task);
  return logs.out + logs.err === 0 && logs.log > 0 ? ['log'] : ['out', 'err'];
}

async function copyOnce(client: Client, task: number, stream: Stream, options: Options): Promise<void> {
  const { attempt, tail } = options;
  const at = attempt === undefined ? {} : { attempt };
  const length = tail === undefined ? 0 : await client.tasks.logLength(task, { stream, ...at });
  const range = tail === undefined || length <= tail ? undefined : { start: length - tail };
  const answer = await client.tasks.log(task, { stream, attempt, range });
  for await (const bytes of answer.body ?? []) await writeBytes(stream === 'err' ? process.stderr : process.stdout, bytes);
}

async function follow(client: Client, task: number, streams: readonly Stream[], options: Options): Promise<number> {
  const stop = new AbortController();
  const forget = onInterrupt(() => stop.abort());
  try {
    const both = streams.length === 2 && streams.includes('out') && streams.includes('err');
    if (both && options.attempt === undefined) {
      const { attempt } = await client.tasks.show(task);
      const onAgain = (n: number): void => say(`switchyard: attempt ${n}`);
      await streamTask(client, task, { signal: stop.signal, attempt: Math.max(1, attempt), onAgain });
    } else {
      await Promise.all(streams.map((stream) => followOne(client, task, stream, options, stop.signal)));
    }
    return stop.signal.aborted ? 130 : 0;
  } finally {
    forget();
  }
}

async function followOne(client: Client, task: number, stream: Stream, options: Options, signal: AbortSignal): Promise<void> {
  const to = stream === 'err' ? process.stderr : process.stdout;
  try {
    for await (const bytes of client.tasks.followLog(task, { stream, attempt: options.attempt, signal }))
      await writeBytes(to, bytes);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'not_found' || stream !== 'log') throw error;
  }
}
