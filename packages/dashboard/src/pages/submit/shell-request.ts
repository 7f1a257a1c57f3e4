import type { JobRequest } from '@switchyard/sdk/job.ts';
import { quoted, splitCommand } from '../../words/command-line.ts';

/** What the form holds: texts as typed; empty ones are left out. */
export interface ShellFields {
  readonly command: string;
  readonly name: string;
  readonly cwd: string;
  readonly array: string;
  readonly priority: string;
  readonly cpus: string;
  readonly ramMb: string;
  readonly tags: string;
  readonly pools: string;
  readonly retries: string;
  readonly after: string;
  readonly hold: boolean;
}

export const emptyFields: ShellFields = {
  command: '',
  name: '',
  cwd: '',
  array: '',
  priority: '',
  cpus: '',
  ramMb: '',
  tags: '',
  pools: '',
  retries: '',
  after: '',
  hold: false,
};

export type Made = { readonly request: JobRequest; readonly command: string } | { readonly problem: string };

/** The request, and the same for the command line; or what is wrong, in words. */
export function shellRequest(fields: ShellFields): Made {
  const argv = splitCommand(fields.command);
  if (argv === null) return { problem: 'A quote in the command is not closed.' };
  if (argv.length === 0) return { problem: 'A command is needed, such as: echo hello' };
  const array = arrayOf(fields.array);
  if (array === undefined) return { problem: 'An array is a range such as 1-100.' };
  const pools = amountsOf(fields.pools);
  if (pools === undefined) return { problem: 'Pools are written as name=1, several with a comma.' };
  const numbers = [fields.priority, fields.cpus, fields.ramMb, fields.retries];
  if (numbers.some((text) => text !== '' && !/^-?\d{1,9}$/.test(text))) return { problem: 'A number is not a whole number.' };
  const tags = listOf(fields.tags);
  const needs = {
    ...(fields.cpus === '' ? {} : { cpus: Number(fields.cpus) }),
    ...(fields.ramMb === '' ? {} : { ramMb: Number(fields.ramMb) }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(Object.keys(pools).length === 0 ? {} : { pools }),
  };
  const spec = {
    argv,
    ...(fields.cwd === '' ? {} : { cwd: fields.cwd }),
    ...(array === null ? {} : { array }),
    ...(fields.retries === '' ? {} : { retries: Number(fields.retries) }),
    ...(Object.keys(needs).length === 0 ? {} : { needs }),
  };
  const after = listOf(fields.after).map(Number);
  if (after.some((id) => !Number.isSafeInteger(id) || id < 1)) return { problem: 'Jobs to wait for are named by their ids.' };
  const request: JobRequest = {
    spec,
    ...(fields.name === '' ? {} : { name: fields.name }),
    ...(fields.priority === '' ? {} : { priority: Number(fields.priority) }),
    ...(after.length === 0 ? {} : { after }),
    ...(fields.hold ? { hold: true } : {}),
  };
  return { request, command: commandOf(fields, argv) };
}

function commandOf(fields: ShellFields, argv: readonly string[]): string {
  const { name, cwd, array, priority, cpus, ramMb, tags, pools, retries, after, hold } = fields;
  const flags: readonly (readonly [string, readonly string[]])[] = [
    ['name', [name]],
    ['cwd', [cwd]],
    ['array', [array]],
    ['priority', [priority]],
    ['cpus', [cpus]],
    ['ram', [ramMb === '' ? '' : `${ramMb}MiB`]],
    ['tag', listOf(tags)],
    ['pool', listOf(pools)],
    ['retries', [retries]],
    ['after', listOf(after)],
  ];
  const written = flags.flatMap(([flag, values]) =>
    values.filter((value) => value !== '').flatMap((value) => [`--${flag}`, quoted(value)]),
  );
  return [
    'switchyard',
    'submit',
    ...written,
    ...(cwd === '' ? ['--fresh'] : []),
    ...(hold ? ['--hold'] : []),
    '--',
    ...argv.map(quoted),
  ].join(' ');
}

const listOf = (text: string): string[] => text.split(/[,\s]+/).filter((part) => part !== '');

/** Null: none; undefined: not understood. */
function arrayOf(text: string): { from: number; to: number } | null | undefined {
  if (text.trim() === '') return null;
  const [, from, to] = /^\s*(\d{1,9})\s*-\s*(\d{1,9})\s*$/.exec(text) ?? [];
  return from === undefined || Number(to) < Number(from) ? undefined : { from: Number(from), to: Number(to) };
}

function amountsOf(text: string): Record<string, number> | undefined {
  const pairs = listOf(text).map((part) => /^([^=]+)=(\d{1,9})$/.exec(part));
  return pairs.some((pair) => pair === null)
    ? undefined
    : Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', Number(pair?.[2])]));
}
