import { Command, CommanderError } from 'commander';
import { commands } from './commands.ts';
import { fail } from './kit/action.ts';
import { exitCodeHelp, exitCodes } from './kit/exit-codes.ts';
import { say } from './kit/output.ts';

const intro = `Switchyard: hand in work, machines do it, everybody watches.

  $ switchyard serve                          a server here, with a worker
  $ switchyard run -- sh -c 'echo hi; exit 3' prints hi, exits with 3
  $ switchyard submit --array 1-100 -- ./render {item}
  $ switchyard COMMAND --help                 flags and examples`;

/** Loads the one command that was asked for; the others stand in as names for help and suggestions. */
export async function runCli(argv: readonly string[]): Promise<void> {
  const wanted = argv.find((word) => !word.startsWith('-'));
  const asked = wanted === 'help' ? argv[argv.indexOf('help') + 1] : wanted;
  const program = new Command('switchyard')
    .description(intro)
    .version(await version(argv), '-V, --version')
    .exitOverride()
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', `${exitCodeHelp}\n\nEnvironment: SWITCHYARD_SERVER, SWITCHYARD_TOKEN, SWITCHYARD_DATA, NO_COLOR`);
  for (const row of commands) {
    const command = program.command(row.name).summary(row.summary).description(upper(row.summary)).helpGroup(row.group);
    if (row.name === asked) (await row.load()).define(command);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error, null);
    // Commander has said it already; help and version come here too, with 0.
    if (error.exitCode !== 0 && error.code !== 'commander.help') say(whereToLook(asked));
    process.exitCode = error.exitCode === 0 ? 0 : asked === 'run' ? exitCodes.own.code : exitCodes.usage.code;
    if (argv.length === 0) process.exitCode = exitCodes.usage.code;
  }
}

function whereToLook(asked: string | undefined): string {
  const known = commands.some((row) => row.name === asked);
  return `"switchyard ${known ? `${asked} ` : ''}--help" shows what there is, with examples.`;
}

function upper(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

async function version(argv: readonly string[]): Promise<string> {
  if (!argv.includes('-V') && !argv.includes('--version')) return '';
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  return manifest.version;
}
