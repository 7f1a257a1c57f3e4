import type { SleepRequest, SleepView } from '@switchyard/sdk/sleep-schedule.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { workerId } from './workers.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly days?: string;
  readonly from?: string;
  readonly to?: string;
  readonly zone?: string;
  readonly off?: boolean;
}

/** `switchyard workers sleep`. */
export function defineSleep(command: Command): void {
  const sleep = command.command('sleep').summary('when it sleeps').description('Says, or sets, when a worker sleeps.');
  withJson(withConnection(sleep))
    .optionsGroup('Options:')
    .argument('<id>', 'id of a worker')
    .option('--from <HH:MM>', 'falls asleep; default: at midnight')
    .option('--to <HH:MM>', 'wakes up, the next day if that is earlier; default: at midnight')
    .option('--days <list>', 'days on which it begins: mo,tu,we,th,fr,sa,su; default: every day')
    .option('--zone <name>', 'time zone, such as Europe/Amsterdam; default: that of the server')
    .option('--off', 'no schedule any more')
    .action(action(sleepOf));
}

async function sleepOf({ client }: Context, options: Options, word: string): Promise<number> {
  const id = workerId(word);
  const asked = requestOf(options);
  if (asked !== undefined) await client.workers.setSleep(id, asked);
  if (asked === null) {
    print(`worker ${id} has no sleep schedule`);
    return 0;
  }
  const schedule = await client.workers.sleep(id);
  if (options.json === true) printJson(schedule);
  else print(textOf(id, schedule));
  return 0;
}

const known = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;

/** Undefined: nothing is to be changed. */
function requestOf({ days, from, to, zone, off }: Options): SleepRequest | null | undefined {
  const given = [days, from, to, zone].some((one) => one !== undefined);
  if (off === true && given) throw usage('--off goes without the other options');
  if (off === true) return null;
  if (!given) return undefined;
  return {
    ...(days === undefined ? {} : { days: days.split(',').map(dayOf) }),
    ...(from === undefined ? {} : { start: timeOf(from) }),
    ...(to === undefined ? {} : { end: timeOf(to) }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function timeOf(word: string): string {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(word)) throw usage(`"${word}" is no time of the day; write it like 08:00`);
  return word;
}

function dayOf(word: string): (typeof known)[number] {
  const day = known.find((one) => one === word.trim().toLowerCase().slice(0, 2));
  if (day === undefined) throw usage(`"${word}" is no day of the week; write mo,tu,we,th,fr,sa,su`);
  return day;
}

function textOf(id: number, { active, days, start, end, zone, nextCheck }: SleepView): string {
  const when = days.length === 0 ? 'every day' : days.join(' ');
  const hours = `${start ?? '00:00'} to ${end ?? '24:00'}`;
  const next = nextCheck === null ? '' : `, next at ${nextCheck}`;
  return `worker ${id} sleeps ${when}, ${hours} (${zone})${active ? next : ', switched off'}`;
}
