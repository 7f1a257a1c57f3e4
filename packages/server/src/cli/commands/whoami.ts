import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { factsText } from '../kit/table.ts';

export function define(command: Command): void {
  withJson(withConnection(command)).action(action(whoami));
  withExamples(command, [['switchyard whoami', 'which server, which token, which rights']]);
}

async function whoami({ client, server, tokenFrom }: Context, options: ConnectionOptions & JsonOption): Promise<number> {
  const me = await client.whoami();
  if (options.json === true) printJson({ ...me, server, tokenFrom });
  else {
    print(
      factsText([
        ['server', server],
        ['token from', tokenFrom ?? 'none'],
        ['you are', `${me.name} (${me.id})`],
        ['jobs', me.scope === 'all' ? 'all' : 'your own'],
        ['kinds', me.kinds === null ? 'any' : me.kinds.join(', ')],
        ['rights', me.rights.join(', ')],
      ]),
    );
  }
  return 0;
}
