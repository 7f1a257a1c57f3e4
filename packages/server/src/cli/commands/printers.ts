import { writeFile } from 'node:fs/promises';
import type { PrinterView } from '@switchyard/sdk/printer.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { CliError, usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, paint, print, printJson, say } from '../kit/output.ts';
import { printerNamed } from '../kit/printer-named.ts';
import { type Column, factsText, tableText } from '../kit/table.ts';
import { agoText, spanText, whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;
type Steer = (context: Context, printer: PrinterView) => Promise<PrinterView>;

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all printers').description('All printers.');
  withJson(withConnection(list)).action(action(listAll));
  const show = command.command('show').summary('one printer').description('One printer, and what it does.');
  withJson(withConnection(show)).argument('<name>', which).action(action(showOne));
  steer(command, 'clear', 'its plate is clear: it may print the next one', ({ client }, { id }) => client.printers.clear(id));
  steer(command, 'unclear', 'something lies on its plate after all', ({ client }, { id }) => client.printers.clear(id, false));
  choice(command, 'gate', 'whether it waits for that word after each print', ({ client }, { id }, on) =>
    client.printers.setGate(id, on),
  );
  choice(command, 'maintenance', 'in maintenance it takes no prints', ({ client }, { id }, on) =>
    client.printers.setMaintenance(id, on),
  );
  steer(command, 'pause', 'pause its print', ({ client }, { id }) => client.printers.pause(id));
  steer(command, 'resume', 'go on with its print', ({ client }, { id }) => client.printers.resume(id));
  steer(command, 'cancel', 'cancel its print; the heaters go off', ({ client }, { id }) => client.printers.cancel(id));
  const stop = command.command('stop').summary('EMERGENCY STOP, at once').description('Emergency stop: M112, past every queue.');
  withConnection(stop).argument('<name>', which).action(action(stopOne));
  const tag = command.command('tag').summary('what it has: pla, material:pla, nozzle:0.4');
  withJson(withConnection(tag.description('Sets the tags of a printer, in place of those that it has; none given: shows them.')))
    .argument('<name>', which)
    .argument('[tags...]', 'such as pla material:pla nozzle:0.4 volume:250x210x220; - for none')
    .action(action(tagOne));
  const send = command.command('send').summary('one line of G-code').description('Sends one line of G-code to a printer.');
  withConnection(send).argument('<name>', which).argument('<command>', "such as 'M104 S200'").action(action(sendOne));
  const agent = command.command('add-agent').summary('a token for a printer agent');
  withJson(withConnection(agent.description('Makes an agent: the program beside the printers (switchyard printer-agent).')))
    .optionsGroup('Options:')
    .argument('<name>', 'how it is called')
    .option('-o, --out <file>', 'write its token there')
    .action(action(addAgent));
  withExamples(
    command,
    [
      ['switchyard printers', 'all of them, and what they do'],
      ['switchyard printers clear mk4-left', 'the part has been taken off'],
      ['switchyard printers tag mk4-left pla material:pla nozzle:0.4', 'what it is loaded with'],
      ['switchyard printers stop mk4-left', 'at once, whatever it does'],
      ['switchyard printers add-agent attic --out agent.token', 'for switchyard printer-agent'],
    ],
    'What a print says of material, nozzle and size is held against tags that begin with material:, nozzle: and volume:.',
  );
}

const which = 'name or number of a printer';

function steer(command: Command, name: string, summary: string, act: Steer): void {
  const verb = command
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
  withJson(withConnection(verb))
    .argument('<name>', which)
    .action(action(async (context: Context, options: Options, word: string) => shown(await done(context, word, act), options)));
}

function choice(
  command: Command,
  name: string,
  summary: string,
  act: (context: Context, printer: PrinterView, on: boolean) => Promise<PrinterView>,
): void {
  const verb = command
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
  withJson(withConnection(verb))
    .argument('<name>', which)
    .argument('<on|off>', 'on or off')
    .action(
      action(async (context: Context, options: Options, word: string, how: string) => {
        if (how !== 'on' && how !== 'off') throw usage(`"${how}" is neither on nor off`);
        return shown(await done(context, word, (one, printer) => act(one, printer, how === 'on')), options);
      }),
    );
}

async function done(context: Context, word: string, act: Steer): Promise<PrinterView> {
  return act(context, await printerNamed(context.client, word));
}

function shown(printer: PrinterView, { json }: JsonOption): number {
  if (json === true) printJson(printer);
  else print(`printer ${printer.id} ${clean(printer.name)}: ${stateText(printer)}`);
  return 0;
}

async function listAll({ client }: Context, { json }: Options): Promise<number> {
  const printers = await client.printers.list();
  if (json === true) printJson({ printers });
  else print(printers.length === 0 ? none : tableText(columns, printers));
  return 0;
}

const none =
  'No printers. Where one is: switchyard printer-agent --server URL --token-file FILE --port /dev/ttyUSB0\n' +
  '(the token: switchyard printers add-agent NAME --out FILE; without a printer at hand: --port virtual)';

const columns: readonly Column<PrinterView>[] = [
  { title: 'ID', value: ({ id }) => id, right: true },
  { title: 'STATE', value: stateText, style: ({ state }) => styles[state] ?? null },
  { title: 'DONE', value: ({ live }) => (live?.job == null ? '' : `${Math.floor(live.job.progress * 100)}%`), right: true },
  { title: 'LEFT', value: ({ print: job }) => (job?.remainingS == null ? '' : spanText(job.remainingS * 1_000)) },
  { title: 'NOZZLE', value: (printer) => degrees(printer, 'tool0'), right: true },
  { title: 'BED', value: (printer) => degrees(printer, 'bed'), right: true },
  { title: 'TAGS', value: ({ tags }) => tags.join(',') },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PRINT', value: ({ print: job }) => (job === null ? '' : `${job.name} (job ${job.job})`) },
];

const styles: Partial<Record<PrinterView['state'], 'green' | 'yellow' | 'red' | 'dim' | 'cyan'>> = {
  ready: 'green',
  printing: 'cyan',
  uncleared: 'yellow',
  paused: 'yellow',
  unavailable: 'red',
  offline: 'dim',
  maintenance: 'dim',
};

function stateText({ state }: PrinterView): string {
  return state === 'uncleared' ? 'not clear' : state;
}

function degrees({ live }: PrinterView, heater: string): string {
  const told = live?.heaters[heater];
  if (told === undefined) return '';
  const actual = Math.round(told.actual);
  return told.target === null || told.target === 0 ? `${actual}` : `${actual}/${Math.round(told.target)}`;
}

async function showOne({ client }: Context, options: Options, word: string): Promise<number> {
  const printer = await printerNamed(client, word);
  if (options.json === true) {
    printJson(printer);
    return 0;
  }
  const { live, print: job } = printer;
  print(`${paint('bold', `Printer ${printer.id}`)}  ${stateText(printer)}  ${clean(printer.name)}`);
  print(
    factsText([
      ['owner', printer.owner],
      ['tags', printer.tags.join(', ')],
      ['waits for clear', { none: 'never', open: 'after each print; it is clear', closed: 'yes' }[printer.gate]],
      ...Object.keys(live?.heaters ?? {}).map((name) => [name, degrees(printer, name)] as const),
      ['last error', live?.lastError ?? null],
      ['print', job === null ? null : `${job.name} (job ${job.job})`],
      ['since', job === null ? null : whenText(job.startedAt, Date.now())],
      ['done', live?.job == null ? null : `${(live.job.progress * 100).toFixed(1)} %`],
      ['left', job?.remainingS == null ? null : spanText(job.remainingS * 1_000)],
      ['layers', job?.facts?.layers ?? null],
      ['filament', job?.facts?.filamentGrams == null ? null : `${job.facts.filamentGrams} g`],
      ['seen', agoText(printer.seenAt, Date.now())],
    ]),
  );
  return 0;
}

/** The number is enough to stop at once; a name has to be looked up first. */
async function stopOne({ client }: Context, _options: Options, word: string): Promise<number> {
  const id = /^\d{1,15}$/.test(word) ? Number(word) : (await printerNamed(client, word)).id;
  await client.printers.stop(id);
  print(`printer ${id}: emergency stop sent`);
  return 0;
}

async function tagOne({ client }: Context, options: Options, word: string, tags: readonly string[]): Promise<number> {
  const printer = await printerNamed(client, word);
  const wanted = tags.length === 1 && tags[0] === '-' ? [] : tags.flatMap((tag) => tag.split(',').filter((one) => one !== ''));
  const after = tags.length === 0 ? printer : await client.printers.setTags(printer.id, wanted);
  if (options.json === true) printJson(after);
  else print(`printer ${after.id} ${clean(after.name)}: ${after.tags.length === 0 ? 'no tags' : after.tags.join(' ')}`);
  return 0;
}

async function sendOne({ client }: Context, _options: Options, word: string, command: string): Promise<number> {
  const { id, name } = await printerNamed(client, word);
  await client.printers.command(id, command);
  print(`printer ${id} ${clean(name)}: sent`);
  return 0;
}

type AgentOptions = Options & { readonly out?: string };

async function addAgent({ client }: Context, options: AgentOptions, name: string): Promise<number> {
  const agent = await client.agents.create({ name });
  if (options.json === true) printJson(agent);
  else if (options.out === undefined) print(agent.token);
  else {
    await writeFile(options.out, `${agent.token}\n`, { mode: 0o600, flag: 'wx' }).catch((error: Error) => {
      throw new CliError(`the agent was made, but its token could not be written: ${error.message}`);
    });
    say(`switchyard: its token is in ${options.out}`);
  }
  return 0;
}
