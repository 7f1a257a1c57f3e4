import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stamp } from '../lib/clock.ts';
import { type Daemon, startDaemon } from '../lib/daemon.ts';

export interface OurServer {
  readonly url: string;
  /** Of an administrator. */
  readonly token: string;
  readonly pid: number;
  /** From the start of the process to its word that it is ready. */
  readonly readyMs: number;
  kill(signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const launcher = fileURLToPath(new URL('../../switchyard', import.meta.url));

/** `switchyard serve` with its defaults, all doors open, on a free port (or the same again), without a local worker. */
export async function startServer(data: string, port = 0): Promise<OurServer> {
  const flags = ['--json', '--data', data, '--host', '127.0.0.1', '--port', String(port), '--no-local-worker'];
  const from = stamp();
  const daemon = await startDaemon({
    command: launcher,
    args: ['serve', ...flags, '--kueue-port', '0', '--log-level', 'warn'],
    ready: /\{"ready":true.*\}\n/,
  });
  return server(daemon, stamp() - from);
}

async function server(daemon: Daemon, readyMs: number): Promise<OurServer> {
  const { url, adminToken } = JSON.parse(daemon.match[0]) as { url: string; adminToken: string };
  const token = (await readFile(adminToken, 'utf8')).trim();
  return { url, token, pid: daemon.pid, readyMs, kill: daemon.kill, close: daemon.close };
}
