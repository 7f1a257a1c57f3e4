import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AgentHandle, type PortOptions, startAgent } from './agent.ts';
import type { Park } from './marlin/scripts.ts';
import { bauds } from './serial/port.ts';
import { serialPort } from './serial/serial-port.ts';
import { usbFacts } from './serial/usb-facts.ts';
import { virtualLine } from './serial/virtual-port.ts';
import { realSystem, type System } from './system.ts';
import { version } from './version.ts';
import { VirtualPrinter } from './virtual/printer.ts';

export const help = `Stands for the printers of this machine at a Switchyard (or Printerlynx) server.

Usage: switchyard printer-agent --server URL --token-file FILE --port PORT [--port PORT ...]

  --server URL          the server, e.g. http://yard.example:8080   (or SWITCHYARD_SERVER)
  --token-file FILE     file that holds the agent's token; read again at every connection   (or SWITCHYARD_TOKEN)
  --port [NAME=]PATH    a printer: /dev/ttyUSB0, /dev/serial/by-id/..., COM3, or virtual; may be repeated
  --baud N              speed of the ports; default: found out (${bauds.join(', ')})
  --data DIR            its own folder; default: ~/.local/state/switchyard/printer-agent. One agent per folder
  --park X,Y            where the head waits during a pause; default: it is only lifted
  --boot-wait SECONDS   how long a printer may take to start when its port is opened; default: 10. Boards that do not
                        restart then (native USB) are ready sooner with less
  --no-park             it stays where it is during a pause
  --virtual-speed N     virtual printers: times as fast as a real one; default: 10
  --json                log lines as JSON
  --help, --version

SIGTERM or Ctrl-C: no new prints, and the end when the running ones have ended. Once more: they are cancelled, heaters off.

Examples:
  switchyard printer-agent --server http://yard.example:8080 --token-file agent.token --port /dev/ttyUSB0
  switchyard printer-agent --server http://yard.example:8080 --token-file agent.token --port 'Mk3 left=/dev/ttyACM0' --port 'Mk3 right=/dev/ttyACM1'
  switchyard printer-agent --server http://127.0.0.1:8080 --token-file agent.token --port virtual
`;

const flags = {
  server: { type: 'string' },
  'token-file': { type: 'string' },
  port: { type: 'string', multiple: true },
  baud: { type: 'string' },
  data: { type: 'string' },
  park: { type: 'string' },
  'no-park': { type: 'boolean' },
  'boot-wait': { type: 'string' },
  'virtual-speed': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values'];
type Environment = Readonly<Record<string, string | undefined>>;

/** What a wrong flag throws: its text is for the person at the keyboard. */
class UsageError extends Error {}

export interface NamedPort {
  readonly name: string;
  readonly path: string;
}

export interface Settings {
  readonly server: string;
  readonly token: () => string;
  readonly ports: readonly NamedPort[];
  readonly baud: number | null;
  readonly data: string;
  readonly park: Park | null;
  readonly bootMs: number | null;
  readonly virtualSpeed: number;
  readonly json: boolean;
}

export type Parsed =
  | { readonly print: string }
  | { readonly usage: string }
  | { readonly settings: Settings; readonly warnings: readonly string[] };

/** Flags and environment to settings. Opens nothing. */
export function parseCommand(argv: readonly string[], environment: Environment): Parsed {
  try {
    const { values } = parseArgs({ args: [...argv], options: flags, allowPositionals: false });
    if (values.help) return { print: help };
    if (values.version) return { print: `${version}\n` };
    const warnings: string[] = [];
    return { settings: settingsOf(values, environment, warnings), warnings };
  } catch (error) {
    return { usage: (error as Error).message };
  }
}

function settingsOf(values: Values, environment: Environment, warnings: string[]): Settings {
  return {
    server: serverOf(values.server ?? environment.SWITCHYARD_SERVER),
    token: tokenOf(values['token-file'], environment, warnings),
    ports: portsOf(values.port ?? []),
    baud: values.baud === undefined || values.baud === 'auto' ? null : numberOf(values.baud, 'baud', 300, 4_000_000),
    data: values.data ?? join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'switchyard', 'printer-agent'),
    park: values['no-park'] ? null : { retract: 1, lift: 5, at: values.park === undefined ? null : placeOf(values.park) },
    bootMs: values['boot-wait'] === undefined ? null : numberOf(values['boot-wait'], 'boot-wait', 0, 120) * 1_000,
    virtualSpeed: values['virtual-speed'] === undefined ? 10 : numberOf(values['virtual-speed'], 'virtual-speed', 0.01, 100_000),
    json: values.json === true,
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

function tokenOf(file: string | undefined, environment: Environment, warnings: string[]): () => string {
  if (file !== undefined) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`--token-file ${file}: there is no such file`);
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
      warnings.push(`${file} can be read by others: chmod 600 ${file}`);
    return () => readFileSync(file, 'utf8').trim();
  }
  const token = environment.SWITCHYARD_TOKEN;
  if (token === undefined || token === '') {
    throw new UsageError("The agent's token is needed: --token-file FILE, or the variable SWITCHYARD_TOKEN");
  }
  return () => token;
}

const portsMost = 64;

/** `NAME=PATH` or `PATH`; each path once, but as many virtual ones as wanted. */
function portsOf(texts: readonly string[]): readonly NamedPort[] {
  if (texts.length === 0)
    throw new UsageError('Which printer? Give --port /dev/ttyUSB0, or --port virtual to try it without one');
  if (texts.length > portsMost) throw new UsageError(`--port: at most ${portsMost}`);
  let virtual = 0;
  const ports = texts.map((text) => {
    const at = text.indexOf('=');
    const path = text.slice(at + 1);
    const given = at > 0 ? text.slice(0, at) : null;
    if (path === '' || path.length > 1_000 || (given?.length ?? 0) > 200)
      throw new UsageError(`--port ${text}: expected NAME=PATH or PATH`);
    if (path !== 'virtual') return { name: given ?? basename(path), path };
    virtual += 1;
    return {
      name: given ?? (virtual === 1 ? 'Virtual printer' : `Virtual printer ${virtual}`),
      path: virtual === 1 ? path : `virtual/${virtual}`,
    };
  });
  const twice = ports.find(({ path }, at) => ports.findIndex((other) => other.path === path) !== at);
  if (twice !== undefined) throw new UsageError(`--port ${twice.path} is given twice`);
  return ports;
}

function numberOf(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new UsageError(`--${flag} ${text}: expected a number from ${least} to ${most}`);
  }
  return value;
}

function placeOf(text: string): { readonly x: number; readonly y: number } {
  const [x, y, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (x === undefined || y === undefined || more.length > 0 || ![x, y].every((one) => Math.abs(one) <= 10_000)) {
    throw new UsageError(`--park ${text}: expected X,Y in millimetres, e.g. --park 0,200`);
  }
  return { x, y };
}

/** The whole command: from its flags to its exit code. Signals are taken over until it ends. */
export async function runPrinterAgentCommand(argv: readonly string[], environment: Environment): Promise<number> {
  const parsed = parseCommand(argv, environment);
  if ('print' in parsed) {
    process.stdout.write(parsed.print);
    return 0;
  }
  if ('usage' in parsed) {
    process.stderr.write(`${parsed.usage}\nSee --help.\n`);
    return 2;
  }
  const { settings, warnings } = parsed;
  const log = settings.json ? logJson : logText;
  for (const warning of warnings) log('warning', { text: warning });
  const ports = await Promise.all(settings.ports.map((port) => openable(port, settings, realSystem)));
  const { server, token, data, park, bootMs } = settings;
  const handle = startAgent({ server, token, data, park, bootMs, ports, system: realSystem, log });
  const release = takeSignals(handle);
  const unguard = guard(handle, log);
  const exit = await handle.closed;
  release();
  unguard();
  if (exit.how === 'stopped') {
    log('agent:stopped', { why: exit.text });
    return process.exitCode === 1 ? 1 : 0;
  }
  process.stderr.write(`${exit.text}\n`);
  return 1;
}

async function openable({ name, path }: NamedPort, { baud, virtualSpeed }: Settings, system: System): Promise<PortOptions> {
  if (path.startsWith('virtual'))
    return { name, path, adapter: 'VIRTUAL', usb: null, open: virtualPort(virtualSpeed, system), baud: 115_200 };
  return { name, path, adapter: 'SERIAL', usb: await usbFacts(path), open: serialPort(path), baud };
}

function virtualPort(speed: number, system: System): PortOptions['open'] {
  const line = virtualLine(
    () => printer,
    (call) => void setImmediate(call),
  );
  const printer: VirtualPrinter = new VirtualPrinter({ clock: system, dice: () => system.dice(), speed }, line);
  return line.open;
}

/** A mistake of ours must not leave heaters on: the printers are left in order, then it ends with an error. */
function guard(handle: AgentHandle, log: typeof logText): () => void {
  const onError = (error: unknown) => {
    log('agent:fault', { text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
    for (let hurry = 0; hurry < 3; hurry++) handle.stop();
  };
  process.on('uncaughtException', onError).on('unhandledRejection', onError);
  return () => process.off('uncaughtException', onError).off('unhandledRejection', onError);
}

function takeSignals(handle: AgentHandle): () => void {
  const stop = () => handle.stop();
  const ignore = () => {};
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', ignore);
  return () => process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', ignore);
}

function logText(event: string, fields: Readonly<Record<string, unknown>>): void {
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  process.stderr.write(`${new Date().toISOString()} ${event} ${rest.join(' ')}\n`);
}

function logJson(event: string, fields: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
}
