import { flushCompileCache } from 'node:module';
import type { Logger } from 'pino';
import type { Settings } from '../config/options.ts';
import { PortTaken } from '../doors/kit/listener.ts';
import { createLog } from '../observe/log.ts';
import { readyJson, readyText } from './ready.ts';
import { StartRefused } from './start-refused.ts';
import { type RunningServer, type ServerDeps, type ServerSettings, startServer } from './start-server.ts';

/** Beyond the time for connections: the local worker ends its tasks, the store what was handed in. Then the process just ends. */
const graceMs = 20_000;

/** The server as a process: from the checked settings to the exit code. 0: stopped in order. 1: could not start, or failed. */
export async function runServer(
  settings: Settings & { readonly data: string },
  how: { readonly json: boolean; readonly origins?: NonNullable<ServerDeps['origins']> },
): Promise<number> {
  const log = createLog(settings['log-level']);
  const stop = stopSignals();
  let server: RunningServer;
  try {
    server = await startServer(settings satisfies ServerSettings, { log, env: process.env, origins: how.origins ?? {} });
  } catch (error) {
    stop.forget();
    process.stderr.write(`switchyard: ${startText(error)}\n`);
    return 1;
  }
  const levels = levelSignal(log, settings['log-level']);
  const renewals = renewSignal(server);
  process.stdout.write(`${how.json ? readyJson(server) : readyText(server, { secrets: process.stdout.isTTY === true })}\n`);
  // What was compiled for this start is there for the next one, however this one ends.
  flushCompileCache();
  const failure = await Promise.race([stop.asked, server.failed]);
  if (failure !== null) log.fatal({ err: failure.message }, 'server:failed');
  const stuck = setTimeout(() => process.exit(1), settings['stop-timeout'] + graceMs);
  await server.stop();
  levels.forget();
  renewals.forget();
  clearTimeout(stuck);
  stop.forget();
  return failure === null ? 0 : 1;
}

/** SIGHUP: the certificate is read anew. Without TLS it stays what it is, the end of a terminal. */
function renewSignal(server: RunningServer): { forget(): void } {
  if (!server.tls) return { forget: () => {} };
  const hear = (): void => void server.reload();
  process.on('SIGHUP', hear);
  return { forget: () => void process.off('SIGHUP', hear) };
}

/** SIGUSR2: every line of the server's log, and back. */
function levelSignal(log: Logger, usual: string): { forget(): void } {
  if (process.platform === 'win32') return { forget: () => {} };
  const hear = (): void => {
    log.level = log.level === 'debug' ? usual : 'debug';
    log[log.level === 'debug' ? 'debug' : 'info']({ event: 'log.level', level: log.level, by: 'SIGUSR2' });
  };
  process.on('SIGUSR2', hear);
  return { forget: () => void process.off('SIGUSR2', hear) };
}

/** The first SIGTERM or SIGINT asks for an orderly stop, the second ends the process at once. */
function stopSignals(): { readonly asked: Promise<null>; forget(): void } {
  const asked = Promise.withResolvers<null>();
  let count = 0;
  const hear = (): void => {
    count++;
    if (count > 1) process.exit(130);
    asked.resolve(null);
  };
  process.on('SIGTERM', hear).on('SIGINT', hear);
  return { asked: asked.promise, forget: () => void process.off('SIGTERM', hear).off('SIGINT', hear) };
}

function startText(error: unknown): string {
  if (error instanceof PortTaken) return `${error.message} (--port 0 takes a free one)`;
  if (error instanceof StartRefused) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
