import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SettingView } from '@switchyard/sdk/system.ts';
import type { Command } from 'commander';
import { readConfigFile } from '../../config/config-file.ts';
import { dataDirOf } from '../../config/data-dir.ts';
import { optionNames, rowOf } from '../../config/options.ts';
import { type Resolved, resolveSettings } from '../../config/settings.ts';
import { shownValue } from '../../config/spelling.ts';
import { action, type Context } from '../kit/action.ts';
import { withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { paint, print, printJson, say } from '../kit/output.ts';
import { tableText } from '../kit/table.ts';

interface FileOptions extends JsonOption {
  readonly data?: string;
  readonly config?: string;
  readonly all?: boolean;
}

export function define(command: Command): void {
  withJson(withFile(command.command('show', { isDefault: true })))
    .summary('what the next start would use')
    .description('What the next start of the server would use, from variables and file, and where each value comes from.')
    .option('--all', 'options on their defaults too')
    .action(show);
  withFile(command.command('check'))
    .summary('look for mistakes')
    .description('Reads the file and the variables as the server would. Exit code 0: nothing is wrong.')
    .action(check);
  withFile(command.command('path')).summary('where the file is').description('The file that the server reads.').action(path);
  withJson(withConnection(command.command('running')))
    .summary('what the running server uses')
    .description('What the running server uses (for administrators).')
    .option('--all', 'options on their defaults too')
    .action(action(running));
  withExamples(command, [
    ['switchyard config check && systemctl restart switchyard', 'no restart into a mistake'],
    ['switchyard config show --all', 'every option'],
    ['switchyard config running', 'of the server that runs'],
  ]);
}

function withFile(command: Command): Command {
  return command
    .optionsGroup('Which file:')
    .option('--config <file>', 'default: $SWITCHYARD_CONFIG, else DATA/switchyard.toml')
    .option('--data <dir>', "the server's folder DATA; default: $SWITCHYARD_DATA, else ~/.local/share/switchyard")
    .optionsGroup('Options:');
}

function fileOf({ data, config }: FileOptions): string {
  const { env } = process;
  return config ?? env.SWITCHYARD_CONFIG ?? join(dataDirOf(data, env), 'switchyard.toml');
}

async function resolved({ data, config }: FileOptions): Promise<Resolved> {
  const { env } = process;
  const read = await readConfigFile(config ?? env.SWITCHYARD_CONFIG, dataDirOf(data, env));
  if ('problem' in read) return { problems: [read.problem] };
  return resolveSettings({ flags: data === undefined ? {} : { data }, env, file: read.file });
}

/** Null: told why not. */
function orTell(found: Resolved): (Resolved & { readonly problems?: undefined }) | null {
  if (found.problems === undefined) {
    for (const warning of found.warnings) say(`switchyard: ${warning}`);
    return found;
  }
  for (const problem of found.problems) say(`${paint('red', 'switchyard:', process.stderr)} ${problem}`);
  process.exitCode = exitCodes.usage.code;
  return null;
}

async function show(options: FileOptions): Promise<void> {
  const found = orTell(await resolved(options));
  if (found === null) return;
  const { settings, origins } = found;
  const rows = optionNames.map((name) => ({ name, value: shownValue(rowOf(name), settings[name]), origin: origins[name] }));
  tell(rows, options);
}

async function running({ client }: Context, options: FileOptions): Promise<number> {
  tell(await client.settings(), options);
  return 0;
}

function tell(all: readonly SettingView[], { json, all: everything }: FileOptions): void {
  const rows = everything === true ? all : all.filter(({ origin }) => origin !== 'default');
  if (json === true) printJson({ settings: rows });
  else if (rows.length === 0) print('Every option is on its default (--all shows them)');
  else {
    const columns = [
      { title: 'OPTION', value: ({ name }: SettingView) => name },
      { title: 'FROM', value: ({ origin }: SettingView) => origin },
      { title: 'VALUE', value: ({ value }: SettingView) => value },
    ];
    print(tableText(columns, rows));
  }
}

async function check(options: FileOptions): Promise<void> {
  if (orTell(await resolved(options)) === null) return;
  const file = fileOf(options);
  print(existsSync(file) ? `${file} and the variables are fine` : `There is no ${file}; the variables are fine`);
}

function path(options: FileOptions): void {
  const file = fileOf(options);
  print(file);
  if (!existsSync(file)) say('(it does not exist)');
}
