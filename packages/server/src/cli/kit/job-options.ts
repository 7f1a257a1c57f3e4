import type { Command } from 'commander';
import { duration, mebibytes, whole } from './numbers.ts';
import { collect, collectWhole } from './options.ts';

/** Flags of `run` and `submit`, as commander gives them. */
export interface JobOptions {
  readonly name?: string;
  readonly priority?: number;
  readonly label?: readonly string[];
  readonly after?: readonly string[];
  readonly afterAny?: readonly string[];
  readonly deadline?: string;
  readonly limit?: string;
  readonly rate?: string;
  readonly hold?: boolean;
  readonly at?: string;
  readonly startOn?: number;
  readonly array?: string;
  readonly arrayItems?: string;
  readonly slots?: number;
  readonly cpus?: number;
  readonly ram?: number;
  readonly resource?: readonly string[];
  readonly pool?: readonly string[];
  readonly tag?: readonly string[];
  readonly worker?: number;
  readonly retries?: number;
  readonly retryOn?: 'any' | 'distinct';
  readonly timeout?: number;
  readonly silence?: number;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly fresh?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly input?: readonly string[];
  readonly output?: readonly string[];
}

export function withJobOptions(command: Command): Command {
  return withFiles(withNeeds(withShape(command)));
}

function withShape(command: Command): Command {
  return command
    .optionsGroup('The job:')
    .option('--name <name>', 'how lists show it; default: the program')
    .option('--priority <n>', 'higher first; default 0', whole(-1_000_000, 1_000_000))
    .option('--label <name=value>', 'to find it again; may be repeated', collectWhole)
    .option('--after <job>', 'only when these jobs have succeeded; may be repeated', collect)
    .option('--after-any <job>', 'only when these jobs have ended, however; may be repeated', collect)
    .option('--deadline <time>', 'cancel it when it has not ended by then, such as 2026-12-24T18:00 or +2h')
    .option('--limit <key=n>', 'at most n tasks of your jobs with this key at once, such as db=3')
    .option('--rate <key=n/time>', 'at most n tasks of your jobs with this key begin within the time, such as api=10/1m')
    .option('--hold', 'do not start it until "switchyard release"')
    .option('--at <time>', 'not before this moment, such as 2026-12-24T18:00 or +2h')
    .option('--array <from-to[:step]>', 'one task for each number: {index} counts from 0, {item} is the number')
    .option('--array-items <file>', 'one task for each line of this file (- is standard input): {item} is the line')
    .option('--retries <n>', 'how often to try again after a failure; default 0', whole(0, 1000))
    .option('--retry-on <where>', 'any: also where it failed; distinct: never there again')
    .option('--timeout <time>', 'end it after this, such as 1h', duration)
    .option('--silence <time>', 'end it when it says nothing for this long', duration);
}

function withNeeds(command: Command): Command {
  return withTaskNeeds(command.optionsGroup('What it needs:')).option(
    '--start-on <id>',
    'start on this worker now, or refuse',
    whole(1),
  );
}

/** What each task needs of its worker. */
export function withTaskNeeds(command: Command): Command {
  return command
    .option('--slots <n>', 'job slots of the worker; default 1', whole(0))
    .option('--cpus <n>', 'processors', whole(0))
    .option('--ram <size>', 'memory, such as 8GiB; a bare number is MiB', mebibytes)
    .option('--resource <name=n>', "of the worker's named resources, such as gpu=1; may be repeated", collect)
    .option('--pool <name=n>', 'of a pool of the whole yard, such as matlab=1; may be repeated', collect)
    .option('--tag <tag>', 'only workers with this tag; may be repeated', collect)
    .option('--worker <id>', 'only this worker', whole(1));
}

function withFiles(command: Command): Command {
  return command
    .optionsGroup('Where and with what:')
    .option('--cwd <dir>', 'folder on the worker; default: the current one')
    .option('--fresh', 'in an empty folder of its own instead')
    .option('--env <name[=value]>', 'pass a variable (this one, or with this value); may be repeated', collectWhole)
    .option(
      '--input <file[:path]>',
      'send a file along, as path in the working folder; implies --fresh unless --cwd is given',
      collectWhole,
    )
    .option('--output <glob>', 'keep files that match, in the working folder, as artifacts; may be repeated', collectWhole)
    .option('--stdout <file>', 'write standard output to this file on the worker instead of keeping it')
    .option('--stderr <file>', 'the same for standard error');
}
