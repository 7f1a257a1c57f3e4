import { createClient } from '@switchyard/sdk/client/client.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { print } from '../kit/output.ts';
import { readStoredToken, removeStoredToken, storedTokenPath } from '../kit/stored-token.ts';

export function define(command: Command): void {
  withConnection(command)
    .optionsGroup('Options:')
    .option('--all', 'end all other sessions of this account too')
    .action(action(logout));
  withExamples(command, [['switchyard logout --all', 'everywhere']]);
}

async function logout({ server }: Context, options: ConnectionOptions & { readonly all?: boolean }): Promise<number> {
  const path = storedTokenPath(server, process.env);
  const token = await readStoredToken(path);
  if (token === null) {
    print(`Nobody is signed in at ${server} here`);
    return 0;
  }
  const { session } = createClient({ server, token });
  try {
    if (options.all === true) await session.endOthers();
    await session.logout();
  } finally {
    // Also where the server does not know it any more.
    await removeStoredToken(path);
  }
  print(`Signed out at ${server}`);
  return 0;
}
