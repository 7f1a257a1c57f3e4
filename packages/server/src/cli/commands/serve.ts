import { type Command, Option } from 'commander';
import { readConfigFile } from '../../config/config-file.ts';
import { dataDirOf } from '../../config/data-dir.ts';
import { type OptionName, optionGroups, optionNames, rowOf, type Settings } from '../../config/options.ts';
import { type Origin, resolveSettings } from '../../config/settings.ts';
import { defaultText, flagOf, placeholderOf } from '../../config/spelling.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { paint, say } from '../kit/output.ts';
import { outputIsBeside } from '../kit/reader-gone.ts';

export function define(command: Command): void {
  for (const group of Object.keys(optionGroups) as (keyof typeof optionGroups)[]) {
    command.optionsGroup(`${optionGroups[group]}:`);
    for (const name of optionNames.filter((one) => rowOf(one).group === group)) addOption(command, name);
  }
  command
    .optionsGroup('Options:')
    .option('--config <file>', 'read options from this file; default: DATA/switchyard.toml, where it exists')
    .option('--json', 'one line of JSON on standard output when ready')
    .action(serve);
  withExamples(
    command,
    [
      ['switchyard serve', 'on this machine alone, with a worker'],
      ['switchyard serve --host 0.0.0.0,:: --public-hosts yard.lab', 'for the whole network'],
      ['switchyard serve --port 0 --data /tmp/yard --json', 'for tests'],
      ['SWITCHYARD_KUEUE_SECRET=… switchyard serve', 'every flag is a variable and a line of switchyard.toml too'],
    ],
    `The first start makes an administrator's token at DATA/admin.token. Ctrl-C or SIGTERM stops in order, twice at once.
Flags win over SWITCHYARD_* variables, these over the file.`,
  );
}

function addOption(command: Command, name: OptionName): void {
  const row = rowOf(name);
  const placeholder = placeholderOf(row);
  const preset = defaultText(name);
  const off = row.type.is === 'switch' ? ` (off: --no-${flagOf(name).slice(2)})` : '';
  const help = preset === '' ? row.help + off : `${row.help}${off} (default: ${preset})`;
  const flags = placeholder === '' ? flagOf(name) : `${flagOf(name)} <${placeholder}>`;
  command.addOption(new Option(flags, help).argParser((value: string) => value));
  // A switch that is on, or may be, is turned off by --no-….
  if (row.type.is === 'switch') command.addOption(new Option(`--no-${flagOf(name).slice(2)}`, 'the opposite').hideHelp());
}

/** Commander keeps `--kueue-port` under `kueuePort`, and gives a `--no-` switch a default of its own, which is not ours. */
function flagsGiven(command: Command): Partial<Record<OptionName, unknown>> {
  const given: Partial<Record<OptionName, unknown>> = {};
  for (const name of optionNames) {
    const key = flagOf(name)
      .slice(2)
      .replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(key) === 'cli') given[name] = command.getOptionValue(key);
  }
  return given;
}

interface Options {
  readonly config?: string;
  readonly json?: boolean;
}

async function serve(this: Command, options: Options): Promise<void> {
  const settings = await settingsFor(flagsGiven(this), options);
  if (settings === null) {
    process.exitCode = exitCodes.usage.code;
    return;
  }
  outputIsBeside();
  const { runServer } = await import('../../app/run-server.ts');
  const { origins, ...values } = settings;
  process.exitCode = await runServer(values, { json: options.json === true, origins });
}

/** Null: told why not. */
async function settingsFor(
  flags: Partial<Record<OptionName, unknown>>,
  options: Options,
): Promise<(Settings & { readonly data: string; readonly origins: Readonly<Record<OptionName, Origin>> }) | null> {
  const { env } = process;
  const dataDir = dataDirOf(flags.data as string | undefined, env);
  const read = await readConfigFile(options.config ?? env.SWITCHYARD_CONFIG, dataDir);
  const resolved = 'problem' in read ? { problems: [read.problem] } : resolveSettings({ flags, env, file: read.file });
  if (resolved.problems !== undefined) {
    for (const problem of resolved.problems) say(`${paint('red', 'switchyard:', process.stderr)} ${problem}`);
    return null;
  }
  for (const warning of resolved.warnings) say(`switchyard: ${warning}`);
  return { ...resolved.settings, data: dataDirOf(resolved.settings.data ?? undefined, env), origins: resolved.origins };
}
