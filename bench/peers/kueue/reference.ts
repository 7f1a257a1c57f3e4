import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface Reference {
  readonly port: number;
  readonly pid: number;
  readonly secret: string;
  close(): Promise<void>;
}

const secret = 'bench-of-switchyard-0123456789abcdef0123456789abcdef0123456789ab';

/** Where `cargo install kueue --version 0.18.1 --root DIR` put it; null: nobody has it here. */
export function referenceProgram(): string | null {
  for (const folder of (process.env.KUEUE_BIN_DIR ?? '').split(delimiter)) {
    const program = join(folder, 'kueue_server');
    if (folder !== '' && existsSync(program)) return program;
  }
  return null;
}

/** The reference server, which keeps everything in memory, with its own defaults. */
export async function startReference(program: string, folder: string): Promise<Reference> {
  const port = await freePort();
  const config = join(folder, 'config.toml');
  await writeFile(
    config,
    [
      '[common_settings]',
      `shared_secret = "${secret}"`,
      'server_name = "127.0.0.1"',
      `server_port = ${port}`,
      'log_level = "error"',
      '[server_settings]',
      'bind_addresses = "127.0.0.1"',
      'global_max_parallel_jobs = 100',
    ].join('\n'),
  );
  const child = spawn(program, ['-c', config], { stdio: 'ignore', env: { HOME: folder } });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await answering(port);
  return {
    port,
    pid: child.pid ?? 0,
    secret,
    async close() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => resolve(false)).unref();
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await setTimeout(25);
  }
  throw new Error('the reference server does not answer');
}
