import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson, say } from '../kit/output.ts';

export function define(command: Command): void {
  withJson(withConnection(command)).action(action(dashboard));
  withExamples(command, [['switchyard dashboard', 'a link that lets a browser in as you: once, within ten minutes']]);
}

async function dashboard({ client, server }: Context, options: ConnectionOptions & JsonOption): Promise<number> {
  const { path, expiresAt } = await client.session.link();
  const url = `${server}${path}`;
  if (options.json === true) printJson({ url, expiresAt });
  else {
    say('Open this in a browser. It works once, within ten minutes:');
    print(url);
  }
  return 0;
}
