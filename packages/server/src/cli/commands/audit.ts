import type { AuditView } from '@switchyard/sdk/token.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { type Column, tableText } from '../kit/table.ts';
import { whenText } from '../kit/times.ts';

export function define(command: Command): void {
  withJson(withConnection(command))
    .optionsGroup('Options:')
    .option('--limit <n>', 'at most so many', whole(1, 1_000), 50)
    .action(action(audit));
  withExamples(command, [['switchyard audit', 'who did what, newest first; refusals too']]);
}

async function audit({ client }: Context, options: ConnectionOptions & JsonOption & { limit: number }): Promise<number> {
  const page = await client.audit({ limit: options.limit });
  if (options.json === true) printJson(page);
  else print(tableText(columns(Date.now()), page.entries));
  return 0;
}

const columns = (now: number): readonly Column<AuditView>[] => [
  { title: 'WHEN', value: (entry) => whenText(entry.at, now) },
  { title: 'WHO', value: (entry) => `${entry.name} (${entry.by})` },
  { title: 'WHAT', value: (entry) => entry.command },
  { title: 'TO', value: (entry) => entry.subject },
  { title: 'REFUSED', value: (entry) => entry.refusal ?? '', style: () => 'red' },
];
