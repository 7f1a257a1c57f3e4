import type { BlockView } from '@switchyard/sdk/block.ts';
import type { WishRequest, WorkerView } from '@switchyard/sdk/worker.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { paint, print, printJson } from '../kit/output.ts';
import { stateStyle } from '../kit/states.ts';
import { type Column, factsText, tableText } from '../kit/table.ts';
import { parseJob } from '../kit/target.ts';
import { agoText, whenText } from '../kit/times.ts';
import { defineSleep } from './worker-sleep.ts';

type Options = ConnectionOptions & JsonOption;

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all workers').description('All workers.');
  withJson(withConnection(list)).action(action(listAll));
  const show = command.command('show').summary('one worker and what it holds').description('One worker and what it holds.');
  withJson(withConnection(show)).argument('<id>', 'id of a worker').action(action(showOne));
  const wish = command.command('wish').summary('ask it to drain, sleep, wake up or shut down');
  withJson(withConnection(wish.description('Asks a worker to become something.')))
    .optionsGroup('Options:')
    .argument('<id>', 'id of a worker')
    .argument('<what>', 'drain, asleep, awake or shutdown')
    .option('--now', 'not only after its present tasks: they are stopped and handed back')
    .action(action(wishFor));
  defineSleep(command);
  const approve = command.command('approve').summary('let a new worker in').description('Lets a worker in that waits for it.');
  withConnection(approve).argument('<id>', 'id of a worker').action(action(approveOne));
  const forget = command.command('forget').summary('remove a worker').description('Removes a worker from the list.');
  withConnection(forget)
    .optionsGroup('Options:')
    .argument('<id>', 'id of a worker')
    .option('--force', 'although it holds tasks: they count as lost')
    .action(action(forgetOne));
  const blocks = command.command('blocks').summary('workers that a job does not use any more');
  withJson(
    withConnection(
      blocks.description('Workers that get no tasks of a kind of a job: they failed too many, or somebody said so.'),
    ),
  )
    .argument('<job>', 'id of a job')
    .action(action(listBlocks));
  const block = command
    .command('block')
    .summary('keep it from a job')
    .description('Keeps a worker from the tasks of a kind of a job.');
  withJson(withConnection(block))
    .optionsGroup('Options:')
    .argument('<id>', 'id of a worker')
    .argument('<job>', 'id of a job')
    .argument('[kind]', 'kind of tasks', 'shell')
    .option('--now', 'what it runs of it is stopped and goes back')
    .action(action(blockOne));
  const forgive = command.command('forgive').summary('let it try a job again').description('Lets a worker try a job again.');
  withJson(withConnection(forgive))
    .argument('<id>', 'id of a worker, or all')
    .argument('<job>', 'id of a job')
    .argument('[kind]', 'kind of tasks; all if absent')
    .action(action(forgiveOne));
  withExamples(command, [
    ['switchyard workers', 'all of them'],
    ['switchyard workers show 3', 'what it has and what it runs'],
    ['switchyard workers wish 3 drain', 'finish what it has, take nothing new'],
    ['switchyard workers wish 3 awake', 'back to work'],
    ['switchyard workers sleep 3 --days mo,tu,we,th,fr --from 08:00 --to 18:00', 'somebody works there by day'],
    ['switchyard workers forget 3', 'it does not exist any more'],
  ]);
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const workers = await client.workers.list();
  if (options.json === true) printJson({ workers });
  else
    print(
      workers.length === 0
        ? 'No workers. Start one: switchyard worker --server URL --token-file FILE'
        : tableText(columns, workers),
    );
  return 0;
}

const columns: readonly Column<WorkerView>[] = [
  { title: 'ID', value: (worker) => worker.id, right: true },
  { title: 'STATUS', value: (worker) => worker.status, style: (worker) => stateStyle(worker.status) },
  { title: 'MODE', value: modeOf },
  { title: 'SLOTS', value: (worker) => shareOf(worker, 'slots'), right: true },
  { title: 'CPUS', value: (worker) => shareOf(worker, 'cpus'), right: true },
  { title: 'RAM MiB', value: (worker) => shareOf(worker, 'ramMb'), right: true },
  { title: 'TASKS', value: (worker) => worker.holding, right: true },
  { title: 'SEEN', value: (worker) => agoText(worker.seenAt, Date.now()) },
  { title: 'KINDS', value: (worker) => worker.kinds.join(',') },
  { title: 'NAME', value: (worker) => worker.name },
];

function modeOf(worker: WorkerView): string {
  return worker.wanted === null ? worker.mode : `${worker.mode} -> ${worker.wanted.mode}`;
}

/** Used of all. */
function shareOf(worker: WorkerView, what: 'slots' | 'cpus' | 'ramMb'): string {
  return `${worker.total[what] - worker.room[what]}/${worker.total[what]}`;
}

export function workerId(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`"${text}" is not the id of a worker; "switchyard workers" lists them`);
  return Number(text);
}

async function showOne({ client }: Context, options: Options, id: string): Promise<number> {
  const worker = await client.workers.show(workerId(id));
  if (options.json === true) {
    printJson(worker);
    return 0;
  }
  print(`${paint('bold', `Worker ${worker.id}`)}  ${worker.status}  ${worker.name}`);
  print(
    factsText([
      ['mode', modeOf(worker)],
      ['owner', worker.owner],
      ['kinds', worker.kinds.join(', ')],
      ['tags', worker.tags.join(', ')],
      ['slots', shareOf(worker, 'slots')],
      ['cpus', shareOf(worker, 'cpus')],
      ['ram', `${shareOf(worker, 'ramMb')} MiB`],
      ...Object.entries(worker.total.named).map(([name, n]) => [name, `${n - (worker.room.named[name] ?? 0)}/${n}`] as const),
      ['seen', agoText(worker.seenAt, Date.now())],
      ['holds', worker.held.map((task) => `t${task}`).join(' ')],
      ...Object.entries(worker.info).map(
        ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
      ),
    ]),
  );
  return 0;
}

const wishes: Readonly<Record<string, WishRequest['mode']>> = {
  drain: 'draining',
  draining: 'draining',
  asleep: 'asleep',
  sleep: 'asleep',
  awake: 'awake',
  wake: 'awake',
  shutdown: 'shutdown',
};

async function wishFor({ client }: Context, options: Options & { now?: boolean }, id: string, what: string): Promise<number> {
  const mode = Object.hasOwn(wishes, what) ? wishes[what] : undefined;
  if (mode === undefined) throw usage(`"${what}" is not something a worker can become: drain, asleep, awake or shutdown`);
  const worker = await client.workers.wish(workerId(id), { mode, lazy: options.now !== true });
  if (options.json === true) printJson(worker);
  else print(`worker ${worker.id} ${modeOf(worker)}`);
  return 0;
}

async function approveOne({ client }: Context, _: Options, id: string): Promise<number> {
  const worker = await client.workers.approve(workerId(id));
  print(`worker ${worker.id} ${worker.status}`);
  return 0;
}

const blockColumns: readonly Column<BlockView>[] = [
  { title: 'WORKER', value: (block) => block.worker, right: true },
  { title: 'KIND', value: (block) => block.kind },
  { title: 'SINCE', value: (block) => whenText(block.at, Date.now()) },
  { title: 'UNTIL', value: (block) => (block.until === null ? 'forgiven' : whenText(block.until, Date.now())) },
];

function showBlocks(options: Options, job: number, blocks: readonly BlockView[]): number {
  if (options.json === true) printJson({ blocks });
  else print(blocks.length === 0 ? `Every worker may try job ${job}.` : tableText(blockColumns, blocks));
  return 0;
}

async function listBlocks({ client }: Context, options: Options, word: string): Promise<number> {
  const job = parseJob(word);
  return showBlocks(options, job, await client.jobs.blocks(job));
}

async function blockOne(
  { client }: Context,
  options: Options & { now?: boolean },
  id: string,
  word: string,
  kind: string,
): Promise<number> {
  const job = parseJob(word);
  return showBlocks(options, job, await client.jobs.block(job, { worker: workerId(id), kind, requeue: options.now === true }));
}

async function forgiveOne({ client }: Context, options: Options, id: string, word: string, kind?: string): Promise<number> {
  const job = parseJob(word);
  const whom = { ...(id === 'all' ? {} : { worker: workerId(id) }), ...(kind === undefined ? {} : { kind }) };
  return showBlocks(options, job, await client.jobs.forgive(job, whom));
}

async function forgetOne({ client }: Context, options: Options & { force?: boolean }, id: string): Promise<number> {
  await client.workers.forget(workerId(id), { force: options.force === true });
  print(`worker ${id} is forgotten`);
  return 0;
}
