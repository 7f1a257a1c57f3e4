import type { DeliveryView, WebhookRequest, WebhookView } from '@switchyard/sdk/webhook.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { collect, type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { factsText, tableText } from '../kit/table.ts';
import { parseId } from '../kit/target.ts';
import { whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;
type AddOptions = Options & {
  readonly kind?: readonly string[];
  readonly state?: readonly string[];
  readonly owner?: string;
  readonly label?: string;
};

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all webhooks').description('All webhooks.');
  withJson(withConnection(list)).action(action(listAll));
  const add = command.command('add').summary('make a webhook').description('Makes a webhook and prints its secret, once.');
  withJson(withConnection(add))
    .argument('<name>', 'to find it again')
    .argument('<url>', 'such as https://example.org/hook')
    .option('--kind <kind>', 'only these changes, such as job.changed,worker.changed; may be repeated', collect)
    .option('--state <state>', 'of job.changed only these states, such as failed,succeeded; may be repeated', collect)
    .option('--owner <id>', 'only of jobs of this owner')
    .option('--label <name=value>', 'only of jobs with this label')
    .action(action(addOne));
  withJson(one(command, 'show', 'one webhook with its last deliveries')).action(action(showOne));
  one(command, 'test', 'send a test event now').action(action(test));
  one(command, 'pause', 'send nothing until it is resumed').action(action(pause));
  one(command, 'resume', 'go on where it stood').action(action(resume));
  one(command, 'renew', 'make a new secret; the old one ends at once').action(action(renew));
  one(command, 'remove', 'remove a webhook').action(action(remove));
  withExamples(command, [
    ['switchyard webhooks add ci https://ci.example.org/yard --kind job.changed --state failed', 'jobs that failed'],
    ['switchyard webhooks test 1', 'does it arrive?'],
    ['switchyard webhooks show 1', 'what was sent, what came of it'],
  ]);
}

function one(command: Command, name: string, summary: string): Command {
  const made = command
    .command(name)
    .summary(summary)
    .description(`${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`);
  return withConnection(made).argument('<id>', 'of a webhook');
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const webhooks = await client.webhooks.list();
  if (options.json === true) printJson({ webhooks });
  else if (webhooks.length === 0) print('no webhooks; make one with "switchyard webhooks add"');
  else {
    const columns = [
      { title: 'ID', value: ({ id }: WebhookView) => id, right: true },
      { title: 'NAME', value: ({ name }: WebhookView) => name },
      { title: 'STATE', value: ({ state }: WebhookView) => state },
      { title: 'KINDS', value: ({ kinds }: WebhookView) => (kinds.length === 0 ? 'all' : kinds.join(',')) },
      { title: 'TO', value: ({ url }: WebhookView) => url },
    ];
    print(tableText(columns, webhooks));
  }
  return 0;
}

async function addOne({ client }: Context, options: AddOptions, name: string, url: string): Promise<number> {
  const { kind, state, owner, label } = options;
  const request: WebhookRequest = {
    ...{ name, url },
    ...(kind === undefined ? {} : { kinds: [...kind] }),
    ...(state === undefined ? {} : { states: [...state] }),
    ...(owner === undefined ? {} : { owner }),
    ...(label === undefined ? {} : { label: labelOf(label) }),
  };
  const made = await client.webhooks.add(request);
  if (options.json === true) printJson(made);
  else {
    say(`webhook ${made.id} (${clean(made.name)}); its secret, shown this once:`);
    print(made.secret);
  }
  return 0;
}

function labelOf(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at <= 0) throw usage(`--label is written name=value, not "${text}"`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

async function showOne({ client }: Context, options: Options, id: string): Promise<number> {
  const webhook = await client.webhooks.get(parseId(id));
  const deliveries = await client.webhooks.deliveries(webhook.id);
  if (options.json === true) {
    printJson({ ...webhook, deliveries });
    return 0;
  }
  const { paused, label, kinds, states } = webhook;
  print(
    factsText([
      ['webhook', `${webhook.id} ${webhook.name}`],
      ['to', webhook.url],
      ['state', paused === null ? webhook.state : `paused ${whenText(paused.at, Date.now())}: ${paused.text}`],
      ['next try', webhook.nextAt === null ? null : whenText(webhook.nextAt, Date.now())],
      ['kinds', kinds.length === 0 ? 'all' : kinds.join(', ')],
      ['states', states.join(', ')],
      ['owner', webhook.owner],
      ['label', label === null ? null : `${label.name}=${label.value}`],
      ['rights of', webhook.by],
    ]),
  );
  if (deliveries.length > 0) print(`\n${deliveriesText(deliveries)}`);
  return 0;
}

function deliveriesText(deliveries: readonly DeliveryView[]): string {
  const columns = [
    { title: 'AT', value: ({ at }: DeliveryView) => whenText(at, Date.now()) },
    { title: 'EVENTS', value: ({ events, test: isTest }: DeliveryView) => (isTest ? 'test' : events), right: true },
    { title: 'CHANGES', value: ({ first, last }: DeliveryView) => (first === null ? '-' : `${first}-${last}`) },
    { title: 'ANSWER', value: answerText },
  ];
  return tableText(columns, deliveries);
}

const answerText = ({ status, error, ms }: DeliveryView): string =>
  `${[status, error].filter((part) => part !== null).join(': ')} (${ms} ms)`;

async function test({ client }: Context, _: Options, id: string): Promise<number> {
  const delivery = await client.webhooks.test(parseId(id));
  print(answerText(delivery));
  const { status } = delivery;
  return status !== null && status >= 200 && status < 300 ? 0 : exitCodes.failed.code;
}

async function pause({ client }: Context, _: Options, id: string): Promise<number> {
  print(`webhook ${id} (${clean((await client.webhooks.pause(parseId(id))).name)}) is paused`);
  return 0;
}

async function resume({ client }: Context, _: Options, id: string): Promise<number> {
  print(`webhook ${id} (${clean((await client.webhooks.resume(parseId(id))).name)}) goes on`);
  return 0;
}

async function renew({ client }: Context, _: Options, id: string): Promise<number> {
  print((await client.webhooks.renew(parseId(id))).secret);
  return 0;
}

async function remove({ client }: Context, _: Options, id: string): Promise<number> {
  await client.webhooks.remove(parseId(id));
  print(`webhook ${id} is removed`);
  return 0;
}
