import { type ChildProcess, spawn } from 'node:child_process';
import type { User } from './user.ts';

export interface DaemonOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Seen in its output: it is ready. */
  readonly ready: RegExp;
  readonly user?: User | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it in order. */
  readonly signal?: NodeJS.Signals;
}

export interface Daemon {
  readonly pid: number;
  /** What `ready` matched. */
  readonly match: RegExpMatchArray;
  kill(signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const tailLength = 4_000;
const patienceMs = 10_000;

/** Starts a server and waits for its word that it is ready; what it wrote is in the error if it ends instead. */
export function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { command, args, ready, user, cwd, env } = options;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(user ?? {}),
  });
  return new Promise((resolve, reject) => {
    let text = '';
    let isReady = false;
    const hear = (chunk: Buffer): void => {
      if (isReady) return;
      text = (text + chunk.toString()).slice(-tailLength);
      const match = text.match(ready);
      if (match === null) return;
      isReady = true;
      resolve(daemon(child, match, options.signal ?? 'SIGTERM'));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`${command} ended (${signal ?? code}): ${text.trim()}`)));
  });
}

function daemon(child: ChildProcess, match: RegExpMatchArray, polite: NodeJS.Signals): Daemon {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!alive()) return;
    child.kill(signal);
    await gone;
  }
  return {
    pid: child.pid ?? 0,
    match,
    kill,
    async close() {
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await kill(polite);
      clearTimeout(timer);
    },
  };
}
