import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { CliError, usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { collect, withJson } from '../kit/options.ts';
import { clean, printJson, print as printLine, say } from '../kit/output.ts';
import { type PrintBar, printBar } from '../kit/print-bar.ts';
import { printerNamed } from '../kit/printer-named.ts';
import { countsText } from '../kit/states.ts';
import { submitOnce } from '../kit/submit.ts';
import { tellFailures } from '../kit/tell-failures.ts';
import { watchJob } from '../kit/watch-job.ts';
import { withCancel } from '../kit/watched-job.ts';

interface Options extends ConnectionOptions {
  readonly printer?: string;
  readonly now?: boolean;
  readonly tag?: readonly string[];
  readonly copies?: number;
  readonly name?: string;
  readonly priority?: number;
  readonly anyway?: boolean;
  readonly json?: boolean;
  readonly detach?: boolean;
  readonly quiet?: boolean;
}

export function define(command: Command): void {
  withJson(withConnection(command), 'the job as one JSON document, when it has ended (or is submitted)')
    .optionsGroup('Options:')
    .argument('<file.gcode>', 'G-code of this machine; it is sent to the server')
    .option('--printer <name>', 'only on this printer (name or number)')
    .option('--now', 'start at once on that printer, or be refused: your word that its plate is clear')
    .option('-t, --tag <tag>', 'the printer must have this tag; may be repeated', collect)
    .option('-c, --copies <n>', 'so many prints of it, on whichever printers are free (default: 1)', whole(1, 1_000))
    .option('--name <text>', 'how the job is called (default: the name of the file)')
    .option('--priority <n>', 'higher first (default: 0)', whole(-1_000_000, 1_000_000))
    .option('--anyway', 'also where nozzle, material or size of the printer differ from what the file was made for')
    .option('-d, --detach', 'do not wait: print the id of the job')
    .option('-q, --quiet', 'no progress')
    .action(action(print));
  withExamples(
    command,
    [
      ['switchyard print bracket.gcode', 'on the first printer that fits and is clear'],
      ['switchyard print bracket.gcode --tag pla --copies 5', 'five of them, on whichever are free'],
      ['switchyard print bracket.gcode --printer mk4-left --now', 'there, now: its plate is clear'],
      ['switchyard print bracket.gcode -d', 'in the background'],
    ],
    `After each print a printer waits until somebody says that its plate is clear: switchyard printers clear NAME.
Ctrl-C cancels the job, a second Ctrl-C leaves at once. The exit code is 1 if not every print succeeded.`,
  );
}

async function print({ client }: Context, options: Options, file: string): Promise<number> {
  const request = await requestFor(client, options, file);
  const { detach, json } = options;
  if (detach === true) {
    const job = await submitOnce(client, request);
    if (json === true) printJson(job);
    else printLine(String(job.id));
    return 0;
  }
  return withCancel(
    client,
    () => submitOnce(client, request),
    async (job, { leave, code }) => {
      if (options.quiet !== true) say(`switchyard: job ${job.id}, ${job.total === 1 ? '1 print' : `${job.total} prints`}`);
      const ended = await watched(client, job.id, options, leave);
      return code() ?? told(client, ended, options);
    },
  );
}

async function requestFor(client: Client, options: Options, file: string): Promise<JobRequest> {
  const { printer, now, tag = [], copies, priority, anyway } = options;
  if (now === true && printer === undefined) throw usage('--now needs --printer: which one is clear?');
  if (now === true && (copies ?? 1) > 1) throw usage('--now starts one print; leave --copies away');
  const worker = printer === undefined ? null : (await printerNamed(client, printer)).id;
  const { blob, size } = await sent(client, file);
  const name = basename(file);
  const needs = { ...(tag.length === 0 ? {} : { tags: [...tag] }), ...(worker === null ? {} : { worker }) };
  const spec = {
    ...{ blob, size, name },
    ...(copies === undefined ? {} : { copies }),
    ...(Object.keys(needs).length === 0 ? {} : { needs }),
    ...(anyway === true ? { anyway } : {}),
  };
  return {
    kind: 'print',
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(priority === undefined ? {} : { priority }),
    ...(now === true && worker !== null ? { startOn: worker } : {}),
    spec,
  };
}

async function sent(client: Client, file: string): Promise<{ blob: string; size: number }> {
  const facts = await stat(file).catch((error: Error) => {
    throw new CliError(error.message);
  });
  if (!facts.isFile()) throw new CliError(`${file} is not a plain file`);
  if (facts.size === 0) throw new CliError(`${file} is empty`);
  return client.files.upload(await openAsBlob(file));
}

async function watched(client: Client, id: number, options: Options, signal: AbortSignal): Promise<JobDetail> {
  const bar = options.quiet === true ? null : printBar();
  const causes = options.quiet === true ? null : tellCauses(client, bar !== null);
  try {
    return await watchJob(
      client,
      id,
      (job) => {
        bar?.job(job);
        causes?.(job);
        if (bar !== null) void lookAhead(client, id, bar);
      },
      signal,
      (progress) => bar?.progress(progress),
    );
  } finally {
    bar?.stop();
  }
}

/** The longest of what is under way: by the printers' own word. */
async function lookAhead(client: Client, job: number, bar: PrintBar): Promise<void> {
  const printers = await client.printers.list().catch(() => []);
  const left = printers.flatMap(({ print }) => (print?.job === job && print.remainingS !== null ? [print.remainingS] : []));
  bar.remaining(left.length === 0 ? null : Math.max(...left));
}

/** Says why nothing is printed, once for each reason. */
function tellCauses(client: Client, behindBar: boolean): (job: JobDetail) => void {
  let said = '';
  return ({ id, counts }) => {
    if (counts.running + counts.suspended > 0 || counts.ready + counts.waiting === 0) return;
    void client.jobs
      .why(id)
      .then(({ causes }) => {
        const text = causes.map((cause) => clean(cause.text)).join('; ');
        if (text === '' || text === said) return;
        said = text;
        const gates = causes.filter(({ code }) => code === 'gate').flatMap(({ workers }) => workers);
        const lines = gates.map(({ name }) => `\n  when its plate is clear: switchyard printers clear ${clean(name)}`);
        // On a line of its own, and not on that of the bar.
        say(`${behindBar ? '\n' : ''}switchyard: it waits: ${text}${lines.join('')}`);
      })
      .catch(() => {});
  };
}

async function told(client: Client, job: JobDetail, { json, quiet }: Options): Promise<number> {
  if (json === true) printJson(job);
  else if (quiet !== true) say(`switchyard: job ${job.id} ${job.state} (${countsText(job.counts)})`);
  if (job.counts.failed > 0 && json !== true) await tellFailures(client, job.id);
  return job.state === 'succeeded' ? 0 : exitCodes.failed.code;
}
