import type { SessionView } from '@switchyard/sdk/account.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { type Column, tableText } from '../kit/table.ts';
import { whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('your sessions').description('Your sessions.');
  withJson(withConnection(list)).action(action(listAll));
  const end = command.command('end').summary('end one of them').description('Ends a session at once.');
  withConnection(end).argument('<id>', 'as listed').action(action(endOne));
  withExamples(command, [
    ['switchyard sessions', 'where you are signed in'],
    ['switchyard sessions end ID', 'not there any more'],
  ]);
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const sessions = await client.session.list();
  if (options.json === true) printJson({ sessions });
  else if (sessions.length === 0) print('None. A token is not a session.');
  else print(tableText(columns(Date.now()), sessions));
  return 0;
}

const columns = (now: number): readonly Column<SessionView>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'KIND', value: ({ kind, present }) => (present ? `${kind}, this one` : kind) },
  { title: 'SINCE', value: ({ createdAt }) => whenText(createdAt, now) },
  { title: 'LAST USED', value: ({ lastUsedAt }) => whenText(lastUsedAt, now) },
  { title: 'EXPIRES', value: ({ expiresAt }) => whenText(expiresAt, now) },
  { title: 'FROM', value: ({ from }) => from },
];

async function endOne({ client }: Context, _: Options, id: string): Promise<number> {
  await client.session.end(id);
  print(`session ${id} is over`);
  return 0;
}
