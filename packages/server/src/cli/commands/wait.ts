import type { Client } from '@switchyard/sdk/client/client.ts';
import { hasEnded } from '@switchyard/sdk/client/jobs.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { duration } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { patiently, restartMs } from '../kit/patience.ts';
import { jobBar } from '../kit/progress.ts';
import { countsText } from '../kit/states.ts';
import { parseJob } from '../kit/target.ts';
import { watchJob } from '../kit/watch-job.ts';

type Options = ConnectionOptions & JsonOption & { readonly timeout?: number };

export function define(command: Command): void {
  withJson(withConnection(command), 'the ended jobs as one JSON document')
    .optionsGroup('Options:')
    .argument('<jobs...>', 'ids of jobs')
    .option('--timeout <time>', 'give up waiting after this, with 124', duration)
    .action(action(wait));
  withExamples(
    command,
    [
      ['switchyard wait 12', 'returns when job 12 has ended'],
      ['id=$(switchyard submit -- ./long.sh) && switchyard wait "$id"', 'submit now, wait later'],
      ['switchyard wait --timeout 10m 12 13 14', 'all of them, for ten minutes at most'],
    ],
    'Exit code 0: all succeeded. 1: at least one failed or was canceled. 124: the time was over.',
  );
}

async function wait({ client }: Context, options: Options, words: readonly string[]): Promise<number> {
  const ids = [...new Set(words.map(parseJob))];
  const timer = options.timeout === undefined ? new AbortController().signal : AbortSignal.timeout(options.timeout);
  const [only] = ids;
  const jobs =
    ids.length === 1 && only !== undefined
      ? [await one(client, only, timer)]
      : await Promise.all(ids.map((id) => quietly(client, id, timer)));
  if (options.json === true) printJson(jobs);
  else for (const job of jobs) print(`${job.id}  ${job.state}  ${clean(job.name)}  (${countsText(job.counts)})`);
  if (jobs.some((job) => !hasEnded(job.state))) {
    say('switchyard: the time was over before all had ended');
    return exitCodes.timeout.code;
  }
  return jobs.every((job) => job.state === 'succeeded') ? 0 : exitCodes.failed.code;
}

async function one(client: Client, id: number, signal: AbortSignal): Promise<JobView> {
  const bar = jobBar();
  return watchJob(client, id, (job) => job.total > 1 && bar?.show(job), signal).finally(() => bar?.stop());
}

async function quietly(client: Client, id: number, signal: AbortSignal): Promise<JobView> {
  try {
    for (;;) {
      const job = await patiently(() => client.jobs.waitOnce(id, { signal }), restartMs, signal);
      if (hasEnded(job.state)) return job;
    }
  } catch (error) {
    if (signal.aborted) return client.jobs.show(id);
    throw error;
  }
}
