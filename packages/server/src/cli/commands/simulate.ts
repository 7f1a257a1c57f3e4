import { join } from 'node:path';
import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobRequest, JobView } from '@switchyard/sdk/job.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { fetchInto } from '../kit/fetch-artifact.ts';
import { withExamples } from '../kit/help.ts';
import { duration, mebibytes, whole } from '../kit/numbers.ts';
import { collect, collectWhole, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { findSimulation } from '../kit/simulation-files.ts';
import { stageBar } from '../kit/stage-bar.ts';
import { submitOnce } from '../kit/submit.ts';
import { tasksOf } from '../kit/target.ts';
import { watchJob } from '../kit/watch-job.ts';
import { withCancel } from '../kit/watched-job.ts';

interface Options extends ConnectionOptions {
  readonly stages?: readonly string[];
  readonly output?: string;
  readonly name?: string;
  readonly priority?: number;
  readonly cuda?: boolean;
  readonly cpus?: number;
  readonly ram?: number;
  readonly tag?: readonly string[];
  readonly timeout?: number;
  readonly detach?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  withJson(withConnection(command), 'the job as one JSON document, when it has ended (or is submitted)')
    .optionsGroup('Options:')
    .argument('<folder|files...>', 'topology (*.top), configuration (*.dat) and, where there are any, forces (*.forces)')
    .option(
      '--stages <file>',
      'a JSON list of stages, or an oxDNA input file as one stage; may be repeated. Default: stages.json of the folder, else relaxation and a simulation',
      collectWhole,
    )
    .option('-o, --output <folder>', 'fetch the files of every stage into a folder of its number')
    .option('--name <name>', 'how lists show it; default: the name of the topology')
    .option('--priority <n>', 'higher first; default 0', whole(-1_000_000, 1_000_000))
    .option('--cuda', 'let dynamics stages run on graphics cards')
    .option('--cpus <n>', 'processors of the worker', whole(0))
    .option('--ram <size>', 'memory, such as 8GiB; a bare number is MiB', mebibytes)
    .option('--tag <tag>', 'only workers with this tag; may be repeated', collect)
    .option('--timeout <time>', 'end a stage after this, such as 12h', duration)
    .option('-d, --detach', 'do not wait: print the id of the job')
    .option('-q, --quiet', 'no progress')
    .action(action(simulate));
  withExamples(
    command,
    [
      ['switchyard simulate tetra/ --output results', 'relax and simulate; then all files'],
      ['switchyard simulate tetra.top tetra.dat tetra.forces', 'the same with files'],
      ['switchyard simulate tetra/ --stages relax.json -d', 'stages of your own, in the background'],
      ['switchyard simulate tetra/ --stages min.txt --stages md.txt', 'two oxDNA input files, one after the other'],
    ],
    `Workers need the program oxDNA on their PATH, or its place in OXDNA_BIN. The forms of stages are described in
docs/doors/dnaforge.md. Ctrl-C cancels the job; what is there of it is fetched all the same. The exit code is 1 if it did not succeed.`,
  );
}

async function simulate(context: Context, options: Options, paths: readonly string[]): Promise<number> {
  const { client } = context;
  const submit = async (): Promise<JobView> => submitOnce(client, await requestOf(client, options, paths));
  if (options.detach === true) {
    const job = await submit();
    if (options.json === true) printJson(job);
    else print(String(job.id));
    return 0;
  }
  return withCancel(client, submit, async (job, { leave, code }) => {
    if (options.quiet !== true) say(`switchyard: job ${job.id}, ${job.total} ${job.total === 1 ? 'stage' : 'stages'}`);
    const ended = await watched(client, job.id, options, leave);
    if (options.output !== undefined) await fetchAll(client, ended, options.output);
    return code() ?? (await told(client, ended, options));
  });
}

async function requestOf(client: Client, options: Options, paths: readonly string[]): Promise<JobRequest> {
  const { name, topology, configuration, forces, stages } = await findSimulation(paths, options.stages ?? []);
  const [top, dat, force] = await Promise.all([topology, configuration, forces].map((one) => client.files.upload(one)));
  const { cpus, ram, tag, timeout, cuda } = options;
  const needs = { ...given('cpus', cpus), ...given('ramMb', ram), ...given('tags', tag) };
  const title = options.name ?? name;
  return {
    kind: 'oxdna',
    name: title,
    ...given('priority', options.priority),
    spec: {
      ...{ topology: top?.blob, configuration: dat?.blob, forces: force?.blob },
      metadata: { title },
      ...(stages === null ? {} : { stages }),
      ...given('cuda', cuda),
      ...given('timeoutMs', timeout),
      ...(Object.keys(needs).length === 0 ? {} : { needs }),
    },
  };
}

const given = <V>(name: string, value: V | undefined): Record<string, V> => (value === undefined ? {} : { [name]: value });

async function watched(client: Client, id: number, { quiet }: Options, signal: AbortSignal): Promise<JobDetail> {
  const bar = quiet === true ? null : stageBar();
  if (bar === null) return watchJob(client, id, () => {}, signal);
  return watchJob(client, id, bar.job, signal, bar.progress).finally(bar.stop);
}

/** `results/0/conf_end.dat`: each stage in a folder of its own, also what a failed one left. */
async function fetchAll(client: Client, job: JobDetail, folder: string): Promise<void> {
  let stage = 0;
  for await (const { id } of tasksOf(client, job.id, {})) {
    for (const artifact of await client.tasks.artifacts(id)) await fetchInto(client, id, artifact, join(folder, String(stage)));
    stage++;
  }
}

async function told(client: Client, job: JobDetail, { quiet, json, output }: Options): Promise<number> {
  if (json === true) printJson(job);
  if (quiet !== true) {
    const where = output === undefined ? `; fetch its files with --output, or: switchyard artifacts ${job.id}` : ` in ${output}`;
    say(job.state === 'succeeded' ? `switchyard: job ${job.id} succeeded${where}` : `switchyard: job ${job.id} ${job.state}`);
    await tellFailure(client, job);
  }
  return job.state === 'succeeded' ? 0 : exitCodes.failed.code;
}

/** The engine's own last words, whole: they say what to do next. */
async function tellFailure(client: Client, job: JobDetail): Promise<void> {
  for await (const task of tasksOf(client, job.id, { state: ['failed'], limit: 1 })) {
    const lines = (task.error ?? task.text ?? task.reason ?? '').split('\n');
    say(`  stage ${task.id - job.firstTask + 1}: ${lines.map(clean).join('\n    ')}`);
    say(`  (the whole log: switchyard logs t${task.id})`);
    return;
  }
}
