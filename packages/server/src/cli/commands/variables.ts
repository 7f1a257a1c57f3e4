import type { VariablePlatform, VariableRequest, VariableValue, VariableView } from '@switchyard/sdk/variable.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { collectWhole, type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson } from '../kit/output.ts';
import { tableText } from '../kit/table.ts';

type Options = ConnectionOptions & JsonOption;
type SetOptions = Options & {
  readonly linux?: string;
  readonly windows?: string;
  readonly darwin?: string;
  readonly twoWay?: boolean;
  readonly for?: string;
  readonly value?: readonly string[];
};

const platforms = ['linux', 'windows', 'darwin'] as const;

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all variables').description('All variables.');
  withJson(withConnection(list)).action(action(listAll));
  const set = command.command('set').summary('set a variable').description('Sets a variable, with all its values.');
  withJson(withConnection(set))
    .argument('<name>', 'such as blender; jobs write {blender}')
    .argument('[value]', 'on all platforms that have none of their own')
    .option('--linux <value>', 'on Linux')
    .option('--windows <value>', 'on Windows')
    .option('--darwin <value>', 'on macOS')
    .option('--two-way', 'a folder: submitted paths below it are found on every platform')
    .option('--for <audience>', 'workers, users or all; default: all')
    .option('--value <audience:platform=value>', 'one more value, such as users:windows=R:/render; may be repeated', collectWhole)
    .action(action(setOne));
  const remove = command.command('remove').summary('remove a variable').description('Removes a variable.');
  withConnection(remove).argument('<name>', 'of a variable').action(action(removeOne));
  withExamples(command, [
    ['switchyard variables', 'what {name} stands for in render jobs'],
    ['switchyard variables set blender --linux /opt/blender-4/blender --windows C:/Blender/blender.exe', 'where it is'],
    ['switchyard variables set render --two-way --linux /mnt/render --windows R:', 'one folder, two names'],
  ]);
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const variables = await client.variables.list();
  if (options.json === true) printJson({ variables });
  else print(variablesText(variables));
  return 0;
}

interface Line {
  readonly name: string;
  readonly variable: VariableView;
  readonly value: VariableValue;
}

function variablesText(variables: readonly VariableView[]): string {
  const lines = variables.flatMap((variable) =>
    variable.values.map((value, i): Line => ({ name: i === 0 ? variable.name : '', variable, value })),
  );
  const columns = [
    { title: 'NAME', value: ({ name }: Line) => name },
    { title: 'WAY', value: ({ variable }: Line) => (variable.direction === 'twoway' ? 'two' : 'one') },
    { title: 'FOR', value: ({ value }: Line) => value.audience },
    { title: 'ON', value: ({ value }: Line) => (value.platforms.length === 3 ? 'all' : value.platforms.join(',')) },
    { title: 'VALUE', value: ({ value, variable }: Line) => `${clean(value.value)}${variable.usual ? '  (usual place)' : ''}` },
  ];
  return tableText(columns, lines);
}

async function setOne({ client }: Context, options: SetOptions, name: string, value: string | undefined): Promise<number> {
  const variable = await client.variables.set(name, requestOf(options, value));
  if (options.json === true) printJson(variable);
  else print(variablesText([variable]));
  return 0;
}

function requestOf(options: SetOptions, value: string | undefined): VariableRequest {
  const audience = audienceOf(options.for ?? 'all');
  const own = platforms.filter((platform) => options[platform] !== undefined);
  const values: VariableValue[] = own.map((platform) => ({ platforms: [platform], audience, value: options[platform] ?? '' }));
  const rest = platforms.filter((platform) => !own.includes(platform));
  if (value !== undefined && rest.length > 0) values.push({ platforms: rest, audience, value });
  values.push(...(options.value ?? []).map(furtherValue));
  if (values.length === 0) throw usage('Which value? Give one, or --linux, --windows, --darwin');
  return { direction: options.twoWay === true ? 'twoway' : 'oneway', values };
}

function furtherValue(text: string): VariableValue {
  const match = /^(\w+):(\w+)=(.+)$/.exec(text);
  const platform = platforms.find((one): one is VariablePlatform => one === match?.[2]);
  if (match === null || platform === undefined) {
    throw usage(`--value is written AUDIENCE:PLATFORM=VALUE, such as users:windows=R:/render, not "${text}"`);
  }
  return { platforms: [platform], audience: audienceOf(match[1] ?? ''), value: match[3] ?? '' };
}

function audienceOf(text: string): VariableValue['audience'] {
  if (text === 'all' || text === 'workers' || text === 'users') return text;
  throw usage(`A value is for workers, users or all, not for "${text}"`);
}

async function removeOne({ client }: Context, _: Options, name: string): Promise<number> {
  await client.variables.remove(name);
  print(`variable ${name} is removed`);
  return 0;
}
