import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import { onTestFinished, vi } from 'vitest';
import { type TempDir, tempDir } from '../../lib/temp-dir.ts';
import { steadyPort } from './steady-port.ts';

// A dozen real processes one after the other, each of which takes seconds to start where ten others want the machine too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface Ready {
  readonly url: string;
  readonly pid: number;
  readonly doors: Readonly<Record<string, { readonly ports: readonly { readonly port: number }[] }>>;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A DATA folder, a server process on it that can be killed and started again, and the command line as real processes. */
export class Yard implements AsyncDisposable {
  readonly dir: TempDir;
  readonly data: string;
  #server: { child: ChildProcess; ready: Ready; err: () => string } | null = null;
  readonly #port: number;
  #up = Promise.withResolvers<void>();
  readonly #children = new Set<ChildProcess>();

  private constructor(dir: TempDir, port: number) {
    this.dir = dir;
    this.#port = port;
    this.data = join(dir.path, 'data');
  }

  static async open(): Promise<Yard> {
    return new Yard(await tempDir(), await steadyPort());
  }

  /** For one test: cleared away when it ends, also when it hangs (`await using` would then leave its processes behind). */
  static async forTest(): Promise<Yard> {
    const yard = await Yard.open();
    onTestFinished(() => yard[Symbol.asyncDispose](), 30_000);
    return yard;
  }

  get ready(): Ready {
    if (this.#server === null) throw new Error('no server runs');
    return this.#server.ready;
  }

  /** Starts the server, always on the same port. Its worker gets the variables too. */
  async start(flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Ready> {
    const kueue = flags.some((flag) => flag.startsWith('--kueue')) ? [] : ['--no-kueue-enabled'];
    const child = this.#spawn(['serve', '--json', '--port', String(this.#port), '--log-level', 'warn', ...kueue, ...flags], {
      env,
    });
    const err = gather(child.stderr);
    const gone = once(child, 'exit').then(() => {
      throw new Error(`the server did not start: ${err()}`);
    });
    const lines = createInterface(child.stdout!);
    const [line] = (await Promise.race([once(lines, 'line'), gone])) as [string];
    gone.catch(() => {});
    const ready = JSON.parse(line) as Ready;
    this.#server = { child, ready, err };
    this.#up.resolve();
    return ready;
  }

  /** Settles while a server runs, or as soon as one does again. */
  up(): Promise<void> {
    return this.#up.promise;
  }

  /** `kill -9`: nothing in the server can react. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** `kill -9` of the worker beside the server; its tasks' processes are left to its successor. */
  async killLocalWorker(): Promise<void> {
    const { pid } = JSON.parse(await readFile(join(this.data, 'local-worker.json'), 'utf8')) as { pid: number };
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is between two lives.
    }
  }

  /** An orderly stop; gives the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** What the server has written to standard error. */
  errors(): string {
    return this.#server?.err() ?? '';
  }

  async client(): Promise<Client> {
    return createClient({ server: this.ready.url, token: await this.adminToken() });
  }

  async adminToken(): Promise<string> {
    return (await readFile(join(this.data, 'admin.token'), 'utf8')).trim();
  }

  /** The command line, to its end. */
  async cli(
    argv: readonly string[],
    options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
  ): Promise<Finished> {
    const child = this.begin(argv, options);
    child.stdin?.end(options.input ?? '');
    return this.finish(child);
  }

  /** The command line as a process that the test steers. */
  begin(argv: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): ChildProcess {
    return this.#spawn(argv, options);
  }

  async finish(child: ChildProcess): Promise<Finished> {
    const [out, err] = [gather(child.stdout), gather(child.stderr)];
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, out: out(), err: err() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server !== null) await this.stop();
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
    await this.#endLocalWorker();
    await this.dir.remove();
  }

  /** A killed server leaves its worker behind on purpose. */
  async #endLocalWorker(): Promise<void> {
    const record = await readFile(join(this.data, 'local-worker.json'), 'utf8').catch(() => null);
    if (record === null) return;
    const { pid } = JSON.parse(record) as { pid: number };
    try {
      process.kill(pid, 'SIGINT');
      for (;;) {
        process.kill(pid, 0);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch {
      // It has ended.
    }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const server = this.#server;
    if (server === null) throw new Error('no server runs');
    this.#server = null;
    this.#up = Promise.withResolvers();
    const gone = once(server.child, 'exit');
    server.child.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  }

  #spawn(argv: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): ChildProcess {
    const child = spawn(process.execPath, [main, ...argv], {
      cwd: options.cwd ?? this.dir.path,
      env: { ...this.#env(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  #env(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.dir.path,
      SWITCHYARD_DATA: this.data,
      XDG_CACHE_HOME: join(this.dir.path, 'cache'),
      NO_COLOR: '1',
    };
  }
}

export function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
