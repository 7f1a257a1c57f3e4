import { join } from 'node:path';
import { startDaemon } from './daemon.ts';
import type { ForeignServer } from './postgres.ts';
import { runCommand } from './run-command.ts';
import { tempFolder } from './temp-folder.ts';
import { unprivileged } from './user.ts';

/** With its log flushed before every answer, and no snapshots beside it. Throws where Redis is not installed. */
export async function startRedis(): Promise<ForeignServer> {
  const text = await runCommand('redis-server', ['--version']).catch(() => {
    throw new Error('Redis is not installed here (no redis-server); on Debian: apt-get install redis-server');
  });
  const user = unprivileged();
  const folder = await tempFolder('redis', user?.uid);
  const socket = join(folder.path, 'redis.sock');
  try {
    const flags = { port: '0', unixsocket: socket, dir: folder.path, appendonly: 'yes', appendfsync: 'always', save: '' };
    const daemon = await startDaemon({
      command: 'redis-server',
      args: Object.entries({ ...flags, 'maxmemory-policy': 'noeviction' }).flatMap(([name, value]) => [`--${name}`, value]),
      ready: /[Rr]eady to accept connections/,
      user,
      cwd: folder.path,
    });
    return {
      version: `Redis ${text.match(/v=(\S+)/)?.[1] ?? ''}`.trim(),
      durability: 'appendonly=yes, appendfsync=always',
      at: socket,
      pid: daemon.pid,
      async close() {
        await daemon.close();
        await folder.close();
      },
    };
  } catch (error) {
    await folder.close();
    throw error;
  }
}
