import { ApiError, ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import { CliError } from './cli-error.ts';
import type { Connection } from './connection.ts';
import { exitCodes } from './exit-codes.ts';
import { clean } from './output.ts';

export interface Explained {
  readonly text: string;
  readonly exitCode: number;
}

/** What went wrong and what to do next. */
export function explain(error: unknown, connection: Connection | null): Explained {
  if (error instanceof CliError) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof ServerUnreachable) return unreachable(error);
  if (error instanceof ApiError) return refused(error, connection);
  if (process.env.SWITCHYARD_DEBUG && error instanceof Error) {
    return { text: error.stack ?? error.message, exitCode: exitCodes.failed.code };
  }
  return { text: plain(error), exitCode: exitCodes.failed.code };
}

/** Errors of the system about a file of this machine, in words. */
function plain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined) return error.message;
  if (code === 'ENOENT') return `There is no file ${clean(path)} on this machine`;
  if (code === 'EACCES') return `This user may not open ${clean(path)}`;
  if (code === 'EISDIR') return `${clean(path)} is a folder, not a file`;
  return error.message;
}

function unreachable(error: ServerUnreachable): Explained {
  if (/certificate|self-signed|altnames|SSL|TLS/i.test(error.message)) {
    const text = `${clean(error.message)}\nIf a private authority signed the server's certificate, name it with --ca FILE or SWITCHYARD_CA.`;
    return { text, exitCode: exitCodes.unreachable.code };
  }
  const text = `${clean(error.message)}
Start a server here with "switchyard serve", or name another one with --server or SWITCHYARD_SERVER.`;
  return { text, exitCode: exitCodes.unreachable.code };
}

function refused(error: ApiError, connection: Connection | null): Explained {
  const { detail, title, at, code } = error.problem;
  const where = at === undefined ? '' : ` (at ${clean(at)})`;
  const said = `${clean(detail === '' ? title : detail)}${where}`;
  if (error.status === 401) return { text: `${said}\n${tokenAdvice(connection)}`, exitCode: exitCodes.denied.code };
  if (error.status === 403) return { text: `${said}\n${rightsAdvice(connection)}`, exitCode: exitCodes.denied.code };
  return { text: `${said}${nextStep[code] ?? ''}`, exitCode: exitCodes.failed.code };
}

const nextStep: Readonly<Record<string, string>> = {
  unknown_pool: '\nSee the pools with "switchyard pools"; make one with "switchyard pools set NAME TOTAL".',
  running: '\nAdd --kill to stop it all the same.',
  not_ready: '\nTry again in a moment.',
  storage: "\nLook at the disk of the server's DATA folder.",
};

function tokenAdvice(connection: Connection | null): string {
  const from = connection?.tokenFrom ?? null;
  if (from !== null) return `The token came from ${from}. Make a new one with "switchyard token create NAME --role submitter".`;
  return 'No token was found: set SWITCHYARD_TOKEN or --token-file. The server keeps its own at DATA/admin.token (see --data).';
}

function rightsAdvice(connection: Connection | null): string {
  return `The token came from ${connection?.tokenFrom ?? 'nowhere'}; "switchyard whoami" shows what it allows.`;
}
