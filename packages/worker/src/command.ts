import { readFileSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { parseArgs } from 'node:util';
import { limits as wire } from '@switchyard/sdk/names.ts';
import { defaultAmounts } from './machine.ts';
import { defaultKinds, runners } from './runners/table.ts';
import { startWorker, type WorkerHandle, type WorkerOptions } from './start-worker.ts';
import { version } from './version.ts';

export const help = `Runs tasks of a Switchyard server on this machine.

Usage: worker --server URL [options]          (token: --token-file FILE, or the variable SWITCHYARD_TOKEN)

  --server URL          the server, e.g. http://yard.example:8080   (or SWITCHYARD_SERVER)
  --token-file FILE     file that holds the token; read again at every connection
  --ca FILE             certificate of a private authority that signed the server's (or SWITCHYARD_CA)
  --name NAME           how it is called; default: this host's name
  --work DIR            its own folder; default: ~/.local/state/switchyard/worker. One worker per folder
  --slots N             tasks at a time; default: number of cores
  --cpus N              processor cores to give to tasks; default: all
  --ram MB              memory to give to tasks, in MiB; default: all
  --gpus N              graphics processors; a task that asks for gpu=1 sees one, by CUDA_VISIBLE_DEVICES
  --resource NAME=N     other counted things of this machine; may be repeated
  --tag TAG             what this machine is or has; tasks may ask for it; may be repeated
  --kind KIND           kinds of task to run (${Object.keys(runners).join(', ')}); may be repeated;
                        default: all but noop that this machine has the programs for (oxdna: OXDNA_BIN, or oxDNA on the PATH)
  --prefetch N          tasks to hold ready beyond those that run; default: 2 x slots
  --grace SECONDS       between asking a task's processes to end and killing them; default: 5
  --drain-timeout SEC   how long SIGTERM waits for running tasks; default: without limit
  --orphan-after SEC    end after so long without a server; default: never
  --json                log lines as JSON
  --help, --version

SIGTERM drains (running tasks end first), a second SIGTERM or Ctrl-C ends them; they go back to the queue.

Examples:
  worker --server http://yard.example:8080 --token-file worker.token
  worker --server http://yard.example:8080 --token-file worker.token --slots 4 --gpus 2 --tag big
  SWITCHYARD_TOKEN=... worker --server https://yard.example --name night-shift --work /scratch/yard
`;

const flags = {
  server: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  ca: { type: 'string' },
  name: { type: 'string' },
  work: { type: 'string' },
  slots: { type: 'string' },
  cpus: { type: 'string' },
  ram: { type: 'string' },
  gpus: { type: 'string' },
  resource: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  kind: { type: 'string', multiple: true },
  prefetch: { type: 'string' },
  grace: { type: 'string' },
  'drain-timeout': { type: 'string' },
  'orphan-after': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values'];
type Environment = Readonly<Record<string, string | undefined>>;

/** What a wrong flag throws: its text is for the person at the keyboard. */
class UsageError extends Error {}

export type Parsed =
  | { readonly print: string }
  | { readonly usage: string }
  | { readonly options: WorkerOptions; readonly json: boolean; readonly warnings: readonly string[] };

/** Flags and environment to options. Reads no file but the authority's, and the token's, later. */
export function parseCommand(argv: readonly string[], environment: Environment): Parsed {
  try {
    const { values } = parseArgs({ args: [...argv], options: flags, allowPositionals: false });
    if (values.help) return { print: help };
    if (values.version) return { print: `${version}\n` };
    const warnings: string[] = [];
    const ca = values.ca ?? environment.SWITCHYARD_CA;
    if (ca !== undefined && ca !== '') trustAuthority(ca);
    const options = optionsOf(values, environment, warnings);
    return { options, json: values.json === true, warnings };
  } catch (error) {
    return { usage: (error as Error).message };
  }
}

function optionsOf(values: Values, environment: Environment, warnings: string[]): WorkerOptions {
  const grace = values.grace === undefined ? {} : { rhythm: { graceMs: seconds(values.grace, 'grace') } };
  const name = values.name ?? hostname();
  if (name === '' || name.length > wire.nameLength) throw new UsageError(`--name: expected 1 to ${wire.nameLength} characters`);
  const tags = values.tag ?? [];
  // One tag is the worker's own.
  const most = wire.tagCount - 1;
  if (tags.length > most || tags.some((tag) => tag === '' || tag.length > wire.tagLength)) {
    throw new UsageError(`--tag: expected at most ${most} tags of 1 to ${wire.tagLength} characters`);
  }
  return {
    server: serverOf(values.server ?? environment.SWITCHYARD_SERVER),
    token: tokenOf(values, environment, warnings),
    name,
    work: values.work ?? join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'switchyard', 'worker'),
    kinds: kindsOf(values.kind, environment),
    tags,
    amounts: amountsOf(values),
    ...(values.prefetch === undefined ? {} : { prefetch: whole(values.prefetch, 'prefetch', 0, 1_000) }),
    drainMs: seconds(values['drain-timeout'] ?? '0', 'drain-timeout'),
    orphanMs: seconds(values['orphan-after'] ?? '0', 'orphan-after'),
    environment,
    ...grace,
  };
}

function serverOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError('Which server? Give --server URL, e.g. --server http://127.0.0.1:8080');
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`--server ${text} is not an http:// or https:// address`);
  }
  return url.href;
}

/** Trusts the authority in this file (PEM) beside those that Node knows. */
function trustAuthority(path: string): void {
  if (!('setDefaultCACertificates' in tls)) {
    throw new UsageError(`This Node is too old for --ca: start it with NODE_EXTRA_CA_CERTS=${path} instead`);
  }
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(path, 'utf8')]);
  } catch (error) {
    throw new UsageError(`--ca ${path}: ${(error as Error).message}`);
  }
}

function tokenOf(values: Values, environment: Environment, warnings: string[]): () => string {
  const file = values['token-file'];
  if (file !== undefined) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`--token-file ${file}: there is no such file`);
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
      warnings.push(`${file} can be read by others: chmod 600 ${file}`);
    return () => readFileSync(file, 'utf8').trim();
  }
  const { token } = values;
  if (token !== undefined) {
    warnings.push('--token shows the token to everybody who can list processes: better --token-file or SWITCHYARD_TOKEN');
    return () => token;
  }
  const fromEnvironment = environment.SWITCHYARD_TOKEN;
  if (fromEnvironment === undefined || fromEnvironment === '') {
    throw new UsageError('A token is needed: --token-file FILE, or the variable SWITCHYARD_TOKEN');
  }
  return () => fromEnvironment;
}

function kindsOf(kinds: readonly string[] | undefined, environment: Environment): readonly string[] {
  for (const kind of kinds ?? []) {
    if (!Object.hasOwn(runners, kind)) throw new UsageError(`--kind ${kind} is not one of ${Object.keys(runners).join(', ')}`);
  }
  return kinds ?? defaultKinds(environment);
}

function amountsOf(values: Values): WorkerOptions['amounts'] & object {
  const all = defaultAmounts();
  const amount = (name: 'slots' | 'cpus' | 'ram' | 'gpus', otherwise: number) =>
    values[name] === undefined ? otherwise : whole(values[name], name, 0, 1_000_000_000);
  const named: Record<string, number> = {};
  const gpus = amount('gpus', 0);
  if (gpus > 0) named.gpu = gpus;
  for (const text of values.resource ?? []) {
    const [name = '', count = ''] = text.split('=');
    if (!/^[A-Za-z0-9_.:-]{1,100}$/.test(name)) throw new UsageError(`--resource ${text}: expected NAME=N`);
    named[name] = whole(count, `resource ${name}=`, 0, 1_000_000_000);
  }
  return { slots: amount('slots', all.slots), cpus: amount('cpus', all.cpus), ramMb: amount('ram', all.ramMb), named };
}

function whole(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new UsageError(`--${flag} ${text}: expected a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Milliseconds. */
function seconds(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || value > 31_536_000) throw new UsageError(`--${flag} ${text}: expected seconds`);
  return Math.round(value * 1_000);
}

/** The whole command: from its flags to its exit code. Signals are taken over until it ends. */
export async function runWorkerCommand(argv: readonly string[], environment: Environment): Promise<number> {
  const parsed = parseCommand(argv, environment);
  if ('print' in parsed) {
    process.stdout.write(parsed.print);
    return 0;
  }
  if ('usage' in parsed) {
    process.stderr.write(`${parsed.usage}\nSee --help.\n`);
    return 2;
  }
  // A log that cannot be written (a full disk, a reader that went away) must not end the worker and its tasks.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const log = parsed.json ? logJson : logText;
  for (const warning of parsed.warnings) log('warning', { text: warning });
  const handle = startWorker({ ...parsed.options, log });
  const release = takeSignals(handle);
  const exit = await handle.closed;
  release();
  if (exit.how === 'stopped' || exit.how === 'orphaned') {
    log('worker:stopped', { why: exit.text });
    return 0;
  }
  process.stderr.write(`${exit.text}\n`);
  return 1;
}

function takeSignals(handle: WorkerHandle): () => void {
  let asked = false;
  const onTerm = () => {
    handle.stop(asked ? 'now' : 'drain');
    asked = true;
  };
  const onInt = () => handle.stop('now');
  const ignore = () => {};
  process.on('SIGTERM', onTerm).on('SIGINT', onInt).on('SIGHUP', ignore);
  return () => process.off('SIGTERM', onTerm).off('SIGINT', onInt).off('SIGHUP', ignore);
}

function logText(event: string, fields: Readonly<Record<string, unknown>>): void {
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  process.stderr.write(`${new Date().toISOString()} ${event} ${rest.join(' ')}\n`);
}

function logJson(event: string, fields: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
}
