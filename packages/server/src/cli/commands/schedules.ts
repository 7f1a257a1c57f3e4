import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { ScheduleRequest, ScheduleRun, ScheduleView } from '@switchyard/sdk/schedule.ts';
import { type Command, Option } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { jobsInFile } from '../kit/job-file.ts';
import { type JobOptions, withJobOptions } from '../kit/job-options.ts';
import { jobFields, jobRequest, moment } from '../kit/job-request.ts';
import { duration } from '../kit/numbers.ts';
import { collectWhole, type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { surroundings } from '../kit/surroundings.ts';
import { factsText, tableText } from '../kit/table.ts';
import { parseId } from '../kit/target.ts';
import { spanText, whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;
type AddOptions = Options &
  JobOptions & {
    readonly cron?: string;
    readonly zone?: string;
    readonly overlap?: 'allow' | 'skip' | 'queue';
    readonly missed?: 'skip' | 'once';
    readonly within?: number;
    readonly file?: string;
    readonly var?: readonly string[];
  };

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all schedules').description('All schedules.');
  withJson(withConnection(list)).action(action(listAll));
  defineAdd(command);
  const show = one(command, 'show', 'one schedule with its last runs');
  withJson(show).action(action(showOne));
  one(command, 'pause', 'submit nothing until it is resumed').action(action(pause));
  one(command, 'resume', 'go on with the next moment').action(action(resume));
  one(command, 'run', 'submit its job now, beside its times').action(action(runNow));
  one(command, 'remove', 'remove a schedule; its jobs stay').action(action(remove));
  withExamples(command, [
    ['switchyard schedules', 'what comes when'],
    ["switchyard schedules add nightly --cron '30 2 * * *' -- ./backup.sh", 'every night, in the zone of this machine'],
    ["switchyard schedules add report --cron '0 7 * * MON-FRI' --zone Europe/Amsterdam -f report.yaml", 'a job of a file'],
    ['switchyard schedules add once --at 2026-12-24T18:00 -- ./bell.sh', 'a single time'],
    ["switchyard schedules add sync --cron '*/5 * * * *' --overlap skip -- ./sync.sh", 'never two at once'],
  ]);
}

function one(command: Command, name: string, summary: string): Command {
  const made = command
    .command(name)
    .summary(summary)
    .description(`${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`);
  return withConnection(made).argument('<id>', 'of a schedule');
}

function defineAdd(command: Command): void {
  const add = command.command('add').summary('make a schedule').description('Makes a schedule.');
  withJson(withConnection(withJobOptions(add)), 'the schedule as JSON')
    .optionsGroup('When:')
    .argument('<schedule>', 'its name')
    .argument('[command...]', 'program and arguments, after --')
    .option('--cron <times>', "minute hour day month weekday, such as '30 2 * * *', or @daily")
    .option('--zone <zone>', 'whose hours these are, such as Europe/Amsterdam; default: the zone of this machine')
    .addOption(
      new Option('--overlap <policy>', 'while an earlier job has not ended: allow, skip the run, or queue behind it').choices([
        'allow',
        'skip',
        'queue',
      ]),
    )
    .addOption(
      new Option('--missed <policy>', 'what the server slept through: skip, or make up for it once').choices(['skip', 'once']),
    )
    .option('--within <time>', 'with --missed once: only when it is no later than this, such as 2h', duration)
    .option('-f, --file <job.yaml>', 'the job of a file, YAML or JSON (- is standard input); flags are laid over it')
    .option('--var <name=value>', 'a variable of the file; may be repeated', collectWhole)
    .action(action(addOne));
}

async function addOne({ client }: Context, options: AddOptions, name: string, argv: readonly string[] = []): Promise<number> {
  const zone = options.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const around = surroundings(client);
  const { at, ...jobOptions } = options;
  const job = await jobOf(jobOptions, argv, around);
  if ((options.cron === undefined) === (at === undefined)) throw usage('Say when: either --cron, or --at for a single time');
  const { overlap, missed, within } = options;
  const request: ScheduleRequest = {
    ...{ name, zone, job },
    ...(options.cron === undefined ? {} : { cron: options.cron }),
    ...(at === undefined ? {} : { at: /^\d{4}-\d{2}-\d{2}T[\d:]+$/.test(at) ? at : moment(at, around.now) }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(missed === undefined ? {} : { missed }),
    ...(within === undefined ? {} : { withinMs: within }),
  };
  const made = await client.schedules.add(request);
  if (options.json === true) printJson(made);
  else print(`schedule ${made.id} (${clean(made.name)}) comes next ${nextText(made)}`);
  return 0;
}

async function jobOf(
  options: Omit<AddOptions, 'at'>,
  argv: readonly string[],
  around: ReturnType<typeof surroundings>,
): Promise<JobRequest> {
  if (options.file === undefined) {
    if (argv.length === 0) throw usage('what shall be run? Write the command after --, or name a file with -f');
    return jobRequest(argv, options, around);
  }
  if (argv.length > 0) throw usage('a job file and a command exclude each other');
  const [job, ...more] = await jobsInFile(options.file, around.stdin, options.var ?? []);
  if (job === undefined || more.length > 0) throw usage('a schedule has one job; this file has several');
  return { ...job, ...jobFields(options, around.now) };
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const schedules = await client.schedules.list();
  if (options.json === true) printJson({ schedules });
  else print(schedules.length === 0 ? 'no schedules; make one with "switchyard schedules add"' : listText(schedules));
  return 0;
}

function listText(schedules: readonly ScheduleView[]): string {
  const columns = [
    { title: 'ID', value: ({ id }: ScheduleView) => id, right: true },
    { title: 'NAME', value: ({ name }: ScheduleView) => name },
    { title: 'WHEN', value: ({ cron, at }: ScheduleView) => cron ?? at ?? '' },
    { title: 'ZONE', value: ({ zone }: ScheduleView) => zone },
    { title: 'STATE', value: ({ state }: ScheduleView) => state },
    { title: 'NEXT', value: ({ next }: ScheduleView) => whenText(next, Date.now()) },
    { title: 'LAST', value: ({ runs }: ScheduleView) => (runs[0] === undefined ? '-' : runText(runs[0])) },
  ];
  return tableText(columns, schedules);
}

const runText = ({ outcome, job, text }: ScheduleRun): string =>
  job === null ? `${outcome}${text === null ? '' : `: ${text}`}` : `job ${job}`;

const nextText = ({ next, zone }: ScheduleView): string =>
  next === null ? 'never' : `at ${new Date(next).toLocaleString('sv-SE', { timeZone: zone })} (${zone})`;

async function showOne({ client }: Context, options: Options, id: string): Promise<number> {
  const schedule = await client.schedules.get(parseId(id));
  if (options.json === true) {
    printJson(schedule);
    return 0;
  }
  const { runs, job, paused } = schedule;
  print(
    factsText([
      ['schedule', `${schedule.id} ${schedule.name}`],
      ['when', `${schedule.cron ?? schedule.at} in ${schedule.zone}`],
      ['state', paused === null ? schedule.state : `paused ${whenText(paused.at, Date.now())}: ${paused.text}`],
      ['next', schedule.next === null ? null : nextText(schedule)],
      ['overlap', schedule.overlap],
      ['missed', schedule.missed + (schedule.withinMs === null ? '' : ` within ${spanText(schedule.withinMs)}`)],
      ['owner', schedule.owner],
      ['job', JSON.stringify(job)],
    ]),
  );
  if (runs.length > 0) print(`\n${runsText(runs)}`);
  return 0;
}

function runsText(runs: readonly ScheduleRun[]): string {
  const columns = [
    { title: 'DUE', value: ({ due }: ScheduleRun) => whenText(due, Date.now()) },
    { title: 'AT', value: ({ at }: ScheduleRun) => whenText(at, Date.now()) },
    { title: 'WHAT', value: runText },
  ];
  return tableText(columns, runs);
}

async function pause({ client }: Context, _: Options, id: string): Promise<number> {
  const { name } = await client.schedules.pause(parseId(id));
  print(`schedule ${id} (${clean(name)}) is paused`);
  return 0;
}

async function resume({ client }: Context, _: Options, id: string): Promise<number> {
  const schedule = await client.schedules.resume(parseId(id));
  print(`schedule ${id} (${clean(schedule.name)}) comes next ${nextText(schedule)}`);
  return 0;
}

async function runNow({ client }: Context, _: Options, id: string): Promise<number> {
  const { job, text } = await client.schedules.run(parseId(id));
  print(String(job));
  if (text !== null) say(text);
  return 0;
}

async function remove({ client }: Context, _: Options, id: string): Promise<number> {
  await client.schedules.remove(parseId(id));
  print(`schedule ${id} is removed`);
  return 0;
}
