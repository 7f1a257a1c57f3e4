import { userInfo } from 'node:os';
import { createClient } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { CliError } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { print, say } from '../kit/output.ts';
import { askNewPassword, askPassword, type PasswordOption } from '../kit/password.ts';
import { readStoredToken, removeStoredToken, storedTokenPath, writeStoredToken } from '../kit/stored-token.ts';
import { whenText } from '../kit/times.ts';

type Options = ConnectionOptions & PasswordOption & { readonly invitation?: string; readonly email?: string };

export function define(command: Command): void {
  withConnection(command)
    .optionsGroup('Options:')
    .argument('[username]', 'default: the name of this user')
    .option('--password-stdin', 'read the password from standard input')
    .option('--invitation <code>', 'make the account first, by this invitation')
    .option('--email <address>', 'with --invitation: its e-mail address')
    .action(action(login));
  withExamples(
    command,
    [
      ['switchyard login ada --server https://yard.lab:8080', 'asks for the password'],
      ['switchyard login ada --invitation swi_…', 'makes the account that an administrator invited to'],
      ['switchyard logout', 'ends the session'],
    ],
    'The session is kept in a file of this user, one per server; commands for that server use it from then on.',
  );
}

async function login({ server }: Context, options: Options, given: string | undefined): Promise<number> {
  const username = given ?? userInfo().username;
  const client = createClient({ server });
  const made = await (options.invitation === undefined ? enter() : register(options.invitation)).catch(denied);
  const path = storedTokenPath(server, process.env);
  // What was kept is over: a session that nobody can use any more is not left open.
  await endKept(server, path);
  await writeStoredToken(path, made.token ?? '');
  print(`Signed in at ${server} as ${made.name} until ${whenText(made.expiresAt, Date.now())}`);
  say(`The session is kept in ${path}`);
  return 0;

  async function enter() {
    return client.session.login({ username, password: await askPassword(`Password of ${username}`, options) });
  }

  async function register(invitation: string) {
    const password = await askNewPassword(`New password of ${username}`, options);
    return client.session.register({ username, password, invitation, email: options.email ?? null });
  }
}

/** There is no token behind it whose origin were worth telling. */
function denied(error: unknown): never {
  if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) throw error;
  throw new CliError(error.message, exitCodes.denied.code);
}

async function endKept(server: string, path: string): Promise<void> {
  const token = await readStoredToken(path);
  if (token === null) return;
  await createClient({ server, token })
    .session.logout()
    .catch(() => {});
  await removeStoredToken(path);
}
