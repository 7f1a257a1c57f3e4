import type { JobView } from '@switchyard/sdk/job.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { onInterrupt } from '../kit/interrupt.ts';
import { exitOf } from '../kit/job-exit.ts';
import { type JobOptions, withJobOptions } from '../kit/job-options.ts';
import { jobRequest } from '../kit/job-request.ts';
import { paint, say } from '../kit/output.ts';
import { jobBar } from '../kit/progress.ts';
import { onReaderGone } from '../kit/reader-gone.ts';
import { countsText } from '../kit/states.ts';
import { streamTask } from '../kit/stream-task.ts';
import { submitOnce } from '../kit/submit.ts';
import { surroundings } from '../kit/surroundings.ts';
import { tellFailures } from '../kit/tell-failures.ts';
import { watchJob } from '../kit/watch-job.ts';

type Options = ConnectionOptions & JobOptions & { readonly quiet?: boolean };

export function define(command: Command): void {
  withConnection(withJobOptions(command))
    .argument('<command...>', 'program and arguments, after --')
    .passThroughOptions()
    .option('-q, --quiet', 'say nothing of its own beside the output')
    .action(action(run, exitCodes.own.code));
  withExamples(
    command,
    [
      ['switchyard run -- make test', 'like "make test", but queued and anywhere'],
      ['switchyard run --cpus 4 --ram 8GiB -- ./simulate', 'where there is room for it'],
      ['switchyard run --env LICENSE --pool matlab=1 -- ./fit', 'one variable, one licence of the yard'],
      ["switchyard run --array 1-100 -- sh -c './render {item}'", 'a hundred tasks and a progress bar'],
      ['switchyard run --input scene.blend --output "*.png" -- blender …', 'files along, files kept'],
    ],
    `The command runs in the current folder, with only the variables that --env names. Ctrl-C cancels it, a second Ctrl-C
leaves at once. The exit code is the job's own: 128 + n for a signal, 127 if the program could not be started, 124 for a
time limit, 125 for everything that is not the job's doing. An array ends with 1 if any of its tasks did not succeed.`,
  );
}

async function run(context: Context, options: Options, argv: readonly string[]): Promise<number> {
  const { client } = context;
  const leave = new AbortController();
  let job: JobView | null = null;
  let interrupted: number | null = null;
  const cancel = (code: number, why: string): void => {
    if (interrupted !== null) return;
    interrupted = code;
    if (options.quiet !== true) say(why);
    if (job !== null) stopIt(job.id);
  };
  const stopIt = (id: number): void => {
    // If even this cannot be said the job stays as it is: then leave, with the way to end it.
    client.jobs.cancel(id, { kill: true }).catch((error: Error) => {
      say(`switchyard: job ${id} could not be canceled: ${error.message}`);
      leave.abort();
    });
  };
  const forget = onInterrupt((signal) =>
    cancel(signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129, 'switchyard: canceling (again to leave at once)'),
  );
  onReaderGone(() => cancel(141, 'switchyard: nobody reads the output any more; canceling'));
  try {
    const request = await jobRequest(argv, options, surroundings(client));
    job = await submitOnce(client, request);
    if (interrupted !== null) stopIt(job.id);
    const code =
      job.total === 1 ? await one(context, options, job, leave.signal) : await many(context, options, job, leave.signal);
    return interrupted ?? code;
  } finally {
    forget();
  }
}

async function one({ client }: Context, options: Options, job: JobView, signal: AbortSignal): Promise<number> {
  const onAgain = (attempt: number): void => {
    if (options.quiet !== true) say(paint('dim', `switchyard: attempt ${attempt}`, process.stderr));
  };
  const task = await streamTask(client, job.firstTask, { signal, attempt: 1, onAgain });
  const { code, why } = exitOf(task);
  if (why !== null && options.quiet !== true) say(`switchyard: ${why}`);
  return code;
}

async function many({ client }: Context, options: Options, job: JobView, signal: AbortSignal): Promise<number> {
  const bar = options.quiet === true ? null : jobBar();
  const ended = await watchJob(client, job.id, (now) => bar?.show(now), signal).finally(() => bar?.stop());
  if (ended.state === 'succeeded') return 0;
  if (options.quiet !== true) {
    say(`switchyard: job ${job.id} ${ended.state}: ${countsText(ended.counts)}`);
    await tellFailures(client, job.id);
  }
  return exitCodes.failed.code;
}
