import { Argument, Command, type Option } from 'commander';
import { type CommandRow, commands } from '../commands.ts';

/** What may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly text: string;
}

/** Things of the yard that are asked for live. */
export type Source = 'jobs' | 'workers' | 'pools' | 'schedules' | 'webhooks' | 'printers' | 'variables';
export type Ask = (source: Source) => Promise<readonly Candidate[]>;

/** By what the command itself says of the value. */
const sources: readonly (readonly [RegExp, Source])[] = [
  [/^12 \(a job\)|\bids? of (a )?jobs?\b|these jobs have|^of this job/, 'jobs'],
  [/\bid of a worker\b|^only this worker|^start on this worker/, 'workers'],
  [/^of a pool\b/, 'pools'],
  [/^of a schedule\b/, 'schedules'],
  [/^of a webhook\b/, 'webhooks'],
  [/^of a variable\b/, 'variables'],
  [/\bof a printer\b/, 'printers'],
];

/**
 * What may stand where the last word is. `words`: those after `switchyard`, the last one as far as it is written. None: a file
 * perhaps, that is the shell's own matter.
 */
export async function candidates(
  words: readonly string[],
  ask: Ask,
  table: readonly CommandRow[] = commands,
): Promise<readonly Candidate[]> {
  const joined = joinedWords(words);
  const current = joined.at(-1) ?? '';
  const [name, ...before] = joined.slice(0, -1);
  if (name === undefined)
    return starting(
      current,
      table.map((row) => ({ value: row.name, text: row.summary })),
    );
  const row = table.find((one) => one.name === name);
  if (row === undefined || before.includes('--')) return [];
  const command = new Command(name);
  (await row.load()).define(command);
  const place = placeOf(command, before);
  if (place.option !== null) return starting(current, await valuesOf(place.option, ask));
  const written = /^(--[^=]+)=(.*)$/s.exec(current);
  const option = written === null ? undefined : optionOf(place.command, written[1] ?? '');
  if (option !== undefined && written !== null) {
    const values = starting(written[2] ?? '', await valuesOf(option, ask));
    return values.map(({ value, text }) => ({ value: `${written[1]}=${value}`, text }));
  }
  if (current.startsWith('-')) return starting(current, flagsOf(place.command));
  return starting(current, await wordsAt(place, ask));
}

/** Bash cuts words at `=`. */
function joinedWords(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    const glued = word === '=' || last?.endsWith('=') === true;
    if (glued && last?.startsWith('--') === true) joined[joined.length - 1] = last + word;
    else joined.push(word);
  }
  return joined;
}

const starting = (prefix: string, all: readonly Candidate[]): readonly Candidate[] =>
  all.filter(({ value }) => value.startsWith(prefix));

interface Place {
  readonly command: Command;
  /** Its value comes next. */
  readonly option: Option | null;
  /** So many words of it are there. */
  readonly given: number;
}

function placeOf(top: Command, words: readonly string[]): Place {
  let command = top;
  let option: Option | null = null;
  let given = 0;
  for (const word of words) {
    if (option !== null) {
      option = null;
    } else if (word.startsWith('-') && word !== '-') {
      const found = optionOf(command, word);
      option = found !== undefined && (found.required || found.optional) ? found : null;
    } else {
      const sub = given === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (sub === undefined) given += 1;
      else command = sub;
    }
  }
  return { command, option, given };
}

const optionOf = (command: Command, word: string): Option | undefined =>
  command.options.find(({ long, short }) => word === long || word === short);

function flagsOf(command: Command): Candidate[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const own = shown.flatMap(({ long, description }) => (long ? [{ value: long, text: description }] : []));
  return [...own, { value: '--help', text: 'flags and examples' }];
}

async function wordsAt({ command, given }: Place, ask: Ask): Promise<Candidate[]> {
  const subs = given > 0 ? [] : command.commands.filter((one) => one.summary() !== '');
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  const argument = all[given] ?? (last?.variadic === true ? last : undefined);
  const values = argument === undefined ? [] : await valuesOf(argument, ask);
  return [...subs.map((one) => ({ value: one.name(), text: one.summary() })), ...values];
}

function valuesOf(of: Option | Argument, ask: Ask): Promise<readonly Candidate[]> {
  if (of.argChoices !== undefined) return Promise.resolve(of.argChoices.map((value) => ({ value, text: '' })));
  const long = of instanceof Argument ? undefined : of.long;
  if (long === '--pool') return ask('pools');
  if (long === '--printer') return ask('printers');
  const found = sources.find(([pattern]) => pattern.test(of.description));
  return found === undefined ? Promise.resolve([]) : ask(found[1]);
}
