import type { Logger } from 'pino';
import { createTokenFile, readTokenFile } from '../auth/token-file.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { Settings } from '../config/options.ts';
import { isLoopback } from '../doors/kit/host-check.ts';
import type { DataPaths } from './data-dir.ts';
import { type LocalWorker, startLocalWorker } from './local-worker.ts';
import { realClock } from './real-clock.ts';
import { orRefuse } from './start-refused.ts';

export interface WorkerParts {
  readonly paths: DataPaths['localWorker'];
  readonly tokens: Tokens;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Address of this server, for a process of this machine. */
  readonly server: string;
}

/** Null: none is wanted. Its token is made at the first start. */
export async function openWorker(settings: Settings, parts: WorkerParts): Promise<LocalWorker | null> {
  if (!wantsWorker(settings)) return null;
  const { paths, tokens, log, env, server } = parts;
  if (orRefuse(await readTokenFile(tokens, paths.token)) === null) {
    orRefuse(await createTokenFile(tokens, paths.token, { name: 'local worker', role: 'worker' }));
  }
  const slots = settings['local-worker-slots'];
  const orphanAfterMs = settings['local-worker-orphan-after'];
  return startLocalWorker({ paths, server, slots, orphanAfterMs, env }, { clock: realClock, log });
}

/** Whoever may submit to a worker that runs as the server's user is an administrator: only on loopback unless asked for. */
export function wantsWorker(settings: Pick<Settings, 'local-worker' | 'host'>): boolean {
  return settings['local-worker'] ?? settings.host.every(isLoopback);
}
