import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { ArraySpec, Input, Needs, ShellSpec, Sink } from '@switchyard/sdk/task-spec.ts';
import { parseDuration } from '../../config/units.ts';
import { usage } from './cli-error.ts';
import type { JobOptions } from './job-options.ts';
import { parseJob } from './target.ts';

/** What the request is made from beside the flags. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  /** Uploads a file that is sent along. */
  readonly upload: (path: string) => Promise<{ blob: string; executable: boolean }>;
  readonly stdin: NodeJS.ReadableStream;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The request for one command, or an array of it. */
export async function jobRequest(argv: readonly string[], options: JobOptions, around: Surroundings): Promise<JobRequest> {
  return { ...jobFields(options, around.now), name: options.name ?? nameOf(argv), spec: await shellSpec(argv, options, around) };
}

/** What the flags say of the job itself; laid over a job from a file too. */
export function jobFields(options: Omit<JobOptions, 'output'>, now: number): Omit<JobRequest, 'spec'> {
  const fields: Writable<Omit<JobRequest, 'spec'>> = {};
  if (options.name !== undefined) fields.name = options.name;
  if (options.priority !== undefined) fields.priority = options.priority;
  if (options.label !== undefined) fields.labels = Object.fromEntries(options.label.map((text) => pair(text, '--label')));
  if (options.after !== undefined) fields.after = options.after.map(parseJob);
  if (options.afterAny !== undefined) fields.afterAny = options.afterAny.map(parseJob);
  if (options.deadline !== undefined) fields.deadline = moment(options.deadline, now, '--deadline');
  if (options.limit !== undefined) fields.limit = limitOf(options.limit);
  if (options.rate !== undefined) fields.rate = rateOf(options.rate);
  if (options.hold === true) fields.hold = true;
  if (options.at !== undefined) fields.notBefore = moment(options.at, now);
  if (options.startOn !== undefined) fields.startOn = options.startOn;
  return fields;
}

function nameOf(argv: readonly string[]): string {
  return [basename(argv[0] ?? ''), ...argv.slice(1)].join(' ').slice(0, 60) || 'job';
}

async function shellSpec(argv: readonly string[], options: JobOptions, around: Surroundings): Promise<ShellSpec> {
  const spec: Writable<ShellSpec> = { argv: [...argv] };
  const cwd = workFolder(options, around.cwd);
  if (cwd !== null) spec.cwd = cwd;
  if (options.env !== undefined) spec.env = variables(options.env, around.env);
  if (options.stdout !== undefined) spec.stdout = sink(options.stdout);
  if (options.stderr !== undefined) spec.stderr = sink(options.stderr);
  if (options.retries !== undefined) spec.retries = options.retries;
  if (options.retryOn !== undefined) spec.retryOn = policy(options.retryOn);
  if (options.timeout !== undefined) spec.timeoutMs = options.timeout;
  if (options.silence !== undefined) spec.silenceMs = options.silence;
  if (options.output !== undefined) spec.outputs = [...options.output];
  if (options.input !== undefined) spec.inputs = await inputs(options.input, around);
  const array = await arraySpec(options, around.stdin);
  if (array !== null) spec.array = array;
  const needs = needsOf(options);
  if (Object.keys(needs).length > 0) spec.needs = needs;
  return spec;
}

/** Null: an empty folder that the worker makes. */
function workFolder(options: JobOptions, here: string): string | null {
  if (options.fresh === true && options.cwd !== undefined) throw usage('--fresh and --cwd exclude each other');
  if (options.cwd !== undefined) return resolve(here, options.cwd);
  return options.fresh === true || options.input !== undefined ? null : here;
}

function sink(file: string): Sink {
  return file === '/dev/null' ? 'discard' : { file };
}

function policy(text: string): 'any' | 'distinct' {
  if (text !== 'any' && text !== 'distinct') throw usage('--retry-on must be any or distinct');
  return text;
}

export function needsOf(options: Omit<JobOptions, 'output'>): Needs {
  const needs: Writable<Needs> = {};
  if (options.slots !== undefined) needs.slots = options.slots;
  if (options.cpus !== undefined) needs.cpus = options.cpus;
  if (options.ram !== undefined) needs.ramMb = options.ram;
  if (options.resource !== undefined) needs.resources = amounts(options.resource, '--resource');
  if (options.pool !== undefined) needs.pools = amounts(options.pool, '--pool');
  if (options.tag !== undefined) needs.tags = [...options.tag];
  if (options.worker !== undefined) needs.worker = options.worker;
  return needs;
}

function pair(text: string, flag: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw usage(`${flag} is written name=value, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `gpu=2`, or just `gpu` for one. */
export function amounts(texts: readonly string[], flag: string): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name, amount] = text.includes('=') ? pair(text, flag) : [text, '1'];
      if (!/^\d{1,15}$/.test(amount)) throw usage(`${flag} is written name=number, not "${text}"`);
      return [name, Number(amount)];
    }),
  );
}

function variables(texts: readonly string[], env: Surroundings['env']): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const text of texts) {
    const [name, value] = text.includes('=') ? pair(text, '--env') : [text, env[text]];
    if (value === undefined) throw usage(`--env ${name}: there is no such variable here; write --env ${name}=VALUE`);
    chosen[name] = value;
  }
  return chosen;
}

/** `file` or `file:path`. A file whose own name has a colon is found too. */
async function inputs(texts: readonly string[], around: Surroundings): Promise<Input[]> {
  const list: Input[] = [];
  for (const text of texts) {
    const colon = text.lastIndexOf(':');
    const [file, path] = colon > 0 ? [text.slice(0, colon), text.slice(colon + 1)] : [text, basename(text)];
    const { blob, executable } = await around.upload(resolve(around.cwd, file));
    list.push(executable ? { path, blob, mode: 'exec' } : { path, blob });
  }
  return list;
}

async function arraySpec(options: JobOptions, stdin: NodeJS.ReadableStream): Promise<ArraySpec | null> {
  if (options.array !== undefined && options.arrayItems !== undefined)
    throw usage('--array and --array-items exclude each other');
  if (options.array !== undefined) return range(options.array);
  if (options.arrayItems === undefined) return null;
  const text = options.arrayItems === '-' ? await textOf(stdin) : await linesOf(options.arrayItems);
  const items = text.split(/\r?\n/).filter((line) => line !== '');
  if (items.length === 0) throw usage(`--array-items ${options.arrayItems}: there is no line in it`);
  return { items };
}

async function linesOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usage(`--array-items cannot read ${file}: ${(error as Error).message}`);
  }
}

/** `1-100`, `0-99:10`. */
export function range(text: string): ArraySpec {
  const match = /^(\d{1,15})-(\d{1,15})(?::(\d{1,8}))?$/.exec(text);
  if (match === null) throw usage(`--array is written FROM-TO or FROM-TO:STEP, such as 1-100, not "${text}"`);
  const [from, to, step] = [Number(match[1]), Number(match[2]), match[3] === undefined ? 1 : Number(match[3])];
  if (to < from || step < 1) throw usage(`--array ${text}: it would be empty`);
  return step === 1 ? { from, to } : { from, to, step };
}

function limitOf(text: string): NonNullable<JobRequest['limit']> {
  const match = /^([A-Za-z0-9_.:-]{1,100})=(\d{1,7})$/.exec(text);
  if (match === null) throw usage(`--limit is written KEY=N, such as db=3, not "${text}"`);
  return { key: match[1] ?? '', max: Number(match[2]) };
}

function rateOf(text: string): NonNullable<JobRequest['rate']> {
  const match = /^([A-Za-z0-9_.:-]{1,100})=(\d{1,4})\/(\w{1,12})$/.exec(text);
  const perMs = parseDuration(match?.[3] ?? '');
  if (match === null || perMs === null) throw usage(`--rate is written KEY=N/TIME, such as api=10/1m, not "${text}"`);
  return { key: match[1] ?? '', max: Number(match[2]), perMs };
}

/** ISO time, or `+2h` from now. */
export function moment(text: string, now: number, flag = '--at'): string {
  const ahead = text.startsWith('+') ? parseDuration(text.slice(1)) : null;
  const ms = ahead === null ? Date.parse(text) : now + ahead;
  if (Number.isNaN(ms)) throw usage(`${flag} is a moment such as 2026-12-24T18:00 or +2h, not "${text}"`);
  return new Date(ms).toISOString();
}
