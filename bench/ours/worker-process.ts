import { fileURLToPath } from 'node:url';
import { type Daemon, startDaemon } from '../lib/daemon.ts';

export interface WorkerFlags {
  readonly url: string;
  readonly token: string;
  readonly work: string;
  readonly slots: number;
  readonly kind: 'shell' | 'noop' | 'oxdna';
  readonly env?: Readonly<Record<string, string>>;
}

const main = fileURLToPath(new URL('../../packages/worker/src/main.ts', import.meta.url));

/** Our worker as a user starts it. Ready: it has been welcomed by the server. */
export function startWorkerProcess({ url, token, work, slots, kind, env = {} }: WorkerFlags): Promise<Daemon> {
  const flags = ['--server', url, '--work', work, '--slots', String(slots), '--kind', kind, '--name', 'bench'];
  return startDaemon({
    command: process.execPath,
    args: [main, ...flags],
    ready: /server:connected/,
    env: { ...env, SWITCHYARD_TOKEN: token },
    signal: 'SIGINT',
  });
}
