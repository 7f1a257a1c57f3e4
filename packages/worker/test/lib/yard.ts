import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorker, type WorkerHandle, type WorkerOptions } from '../../src/start-worker.ts';
import { type Peer, ScriptedServer, type ServerScript, token } from './scripted-server.ts';

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Everything that a test made, and takes away again: servers, workers, processes, folders. */
export class Yard {
  readonly #after: (() => Promise<unknown> | unknown)[] = [];
  readonly folder: string;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-worker-'));
    this.folder = folder;
    this.#after.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
  }

  async server(script: ServerScript = {}): Promise<ScriptedServer> {
    const server = await ScriptedServer.open(script);
    this.#after.push(() => server.close());
    return server;
  }

  /** A worker in this process. */
  worker(server: { url: string }, options: Partial<WorkerOptions> = {}): WorkerHandle {
    const worker = startWorker({
      server: server.url,
      token: () => token,
      name: 'tester',
      work: join(this.folder, 'work'),
      amounts: { slots: 4, cpus: 4, ramMb: 4_000, named: {} },
      prefetch: 4,
      environment: process.env,
      ...options,
      rhythm: { graceMs: 300, reconnectMs: { first: 10, most: 50 }, farewellMs: 500, lateFileMs: 10, ...options.rhythm },
    });
    this.#after.push(async () => {
      worker.stop('now');
      await worker.closed;
    });
    return worker;
  }

  /** A worker process of its own. */
  process(
    server: { url: string },
    flags: readonly string[] = [],
    file = mainFile,
    more: Readonly<Record<string, string>> = {},
  ): WorkerProcess {
    const work = join(this.folder, 'work');
    const all = ['--server', server.url, '--work', work, '--name', 'tester', '--slots', '4', '--grace', '0.3', ...flags];
    const env = { PATH: process.env.PATH, HOME: this.folder, SWITCHYARD_TOKEN: token, ...more };
    const child = spawn(process.execPath, [file, ...all], { stdio: ['ignore', 'ignore', 'pipe'], env });
    const worker = new WorkerProcess(child);
    this.#after.push(() => worker.kill());
    return worker;
  }

  async pair(script: ServerScript = {}, options: Partial<WorkerOptions> = {}): Promise<Pair> {
    const server = await this.server(script);
    const worker = this.worker(server, options);
    return { server, worker, peer: await server.peer() };
  }

  async close(): Promise<void> {
    for (const after of this.#after.reverse()) await after();
  }
}

export interface Pair {
  readonly server: ScriptedServer;
  readonly worker: WorkerHandle;
  readonly peer: Peer;
}

export class WorkerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  errors = '';

  constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on('data', (piece: Buffer) => {
      this.errors += piece.toString();
    });
    this.exited = once(child, 'close').then(([code]) => code as number | null);
  }

  /** With -9. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }

  rssMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  peakMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }
}

/** Living processes whose arguments contain the text. */
export function processesWith(text: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      // A zombie's line is empty.
      if (line.includes(text)) found.push(Number(name));
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/** Waits for something that nobody announces (another process, a file). */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
