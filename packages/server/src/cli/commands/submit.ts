import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobRequest, JobView } from '@switchyard/sdk/job.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { jobsInFile } from '../kit/job-file.ts';
import { type JobOptions, withJobOptions } from '../kit/job-options.ts';
import { jobFields, jobRequest } from '../kit/job-request.ts';
import { collectWhole, type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { submitOnce } from '../kit/submit.ts';
import { surroundings } from '../kit/surroundings.ts';

type Options = ConnectionOptions &
  JobOptions &
  JsonOption & { readonly file?: string; readonly var?: readonly string[]; readonly key?: string };

/** The server takes so many at once. */
const batch = 1_000;

export function define(command: Command): void {
  withJson(withConnection(withJobOptions(command)), 'the jobs as one JSON document instead of their ids')
    .optionsGroup('Options:')
    .argument('[command...]', 'program and arguments, after --')
    .passThroughOptions()
    .option('-f, --file <job.yaml>', 'jobs of a file, YAML or JSON (- is standard input); the flags above are laid over them')
    .option('--var <name=value>', 'a variable that the file declares; may be repeated', collectWhole)
    .option('--key <text>', 'the same key again answers the same job: safe to repeat')
    .action(action(submit));
  withExamples(command, [
    ['switchyard submit -- ./nightly.sh', 'prints the id of the job'],
    ['switchyard submit --array 1-100 --cpus 2 -- ./render {item}', 'a hundred tasks'],
    ['ls *.wav | switchyard submit --array-items - -- ./encode {item}', 'one task for each file'],
    ['switchyard submit --after 12,13 -- ./report.sh', 'when those have succeeded'],
    ['switchyard submit -f job.yaml', 'a graph of tasks; see examples/'],
    ['switchyard submit -f report.yaml --var month=2026-11', 'a file with variables'],
  ]);
}

async function submit(context: Context, options: Options, argv: readonly string[]): Promise<number> {
  const { client } = context;
  const requests = await requestsOf(client, options, argv);
  const [only] = requests;
  const answers =
    requests.length === 1 && only !== undefined
      ? [await submitOnce(client, only, options.key)]
      : await submitAll(client, requests, options);
  if (options.json === true) printJson(answers.length === 1 ? answers[0] : answers);
  else for (const answer of answers) if (!('problem' in answer)) print(String(answer.id));
  return tellProblems(answers) ? exitCodes.failed.code : 0;
}

async function requestsOf(client: Client, options: Options, argv: readonly string[]): Promise<readonly JobRequest[]> {
  const around = surroundings(client);
  if (options.file === undefined) {
    if (options.var !== undefined) throw usage('--var is for a job file: name it with -f');
    if (argv.length === 0) throw usage('what shall be run? Write the command after --, or name a file with -f');
    return [await jobRequest(argv, options, around)];
  }
  if (argv.length > 0) throw usage('a job file and a command exclude each other');
  const fields = jobFields(options, around.now);
  return (await jobsInFile(options.file, around.stdin, options.var ?? [])).map((job) => ({ ...job, ...fields }));
}

type Answers = Awaited<ReturnType<Client['jobs']['submitMany']>>;

async function submitAll(client: Client, requests: readonly JobRequest[], options: Options): Promise<Answers> {
  if (options.key !== undefined) throw usage('--key is for one job; this file has several');
  const answers: (JobView | Answers[number])[] = [];
  for (let at = 0; at < requests.length; at += batch) {
    answers.push(...(await client.jobs.submitMany(requests.slice(at, at + batch))));
  }
  return answers;
}

function tellProblems(answers: Answers): boolean {
  let some = false;
  answers.forEach((answer, at) => {
    if (!('problem' in answer)) return;
    some = true;
    say(
      `switchyard: job ${at + 1} of the file: ${clean(answer.problem.detail)}${answer.problem.at ? ` (at ${answer.problem.at})` : ''}`,
    );
  });
  return some;
}
