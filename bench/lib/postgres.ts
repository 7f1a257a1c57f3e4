import { existsSync, readdirSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemon.ts';
import { runCommand } from './run-command.ts';
import { tempFolder } from './temp-folder.ts';
import { unprivileged } from './user.ts';

export interface ForeignServer {
  readonly version: string;
  readonly durability: string;
  /** How its clients find it. */
  readonly at: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Every commit is flushed before it is answered, as it is by default; memory, log size and cleaning are set for a queue on a
 * small machine. Reached over a Unix socket, its fastest way.
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: "''",
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  max_connections: '100',
  autovacuum_naptime: '5s',
  jit: 'off',
};

/** A cluster of its own in a temporary folder. Throws where PostgreSQL is not installed. */
export async function startPostgres(): Promise<ForeignServer> {
  const bin = binaries();
  const user = unprivileged();
  const folder = await tempFolder('postgres', user?.uid);
  try {
    const data = join(folder.path, 'data');
    await runCommand(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '--encoding=UTF8', '--locale=C'], user);
    const lines = Object.entries({ ...settings, unix_socket_directories: `'${folder.path}'` });
    await appendFile(join(data, 'postgresql.conf'), lines.map(([name, value]) => `${name} = ${value}\n`).join(''));
    const daemon = await startDaemon({
      command: join(bin, 'postgres'),
      args: ['-D', data],
      ready: /ready to accept connections/,
      user,
      cwd: folder.path,
      // Fast: it waits for no client.
      signal: 'SIGINT',
    });
    return server(await versionOf(bin), folder, daemon);
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function server(version: string, folder: { path: string; close(): Promise<void> }, daemon: Daemon): ForeignServer {
  return {
    version,
    durability: 'fsync=on, synchronous_commit=on',
    at: folder.path,
    pid: daemon.pid,
    async close() {
      await daemon.close();
      await folder.close();
    },
  };
}

async function versionOf(bin: string): Promise<string> {
  const text = await runCommand(join(bin, 'postgres'), ['--version']);
  return `PostgreSQL ${text.match(/\d+(\.\d+)*/)?.[0] ?? text.trim()}`;
}

const debian = '/usr/lib/postgresql';

function binaries(): string {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((name) => join(debian, name, 'bin')), ...(process.env.PATH ?? '').split(':')];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found === undefined) throw new Error('PostgreSQL is not installed here (no initdb); on Debian: apt-get install postgresql');
  return found;
}
