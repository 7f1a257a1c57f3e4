import type { Client } from '@switchyard/sdk/client/client.ts';
import type { AuditQuery } from '@switchyard/sdk/client/tokens.ts';
import type { AuditView } from '@switchyard/sdk/token.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { duration, whole } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson, writeBytes } from '../kit/output.ts';
import { type Column, tableText } from '../kit/table.ts';
import { whenText } from '../kit/times.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly limit: number;
  readonly export?: boolean;
  readonly by?: string;
  readonly command?: string;
  readonly subject?: string;
  readonly since?: number;
  readonly refused?: boolean;
}

export function define(command: Command): void {
  withJson(withConnection(command))
    .optionsGroup('Options:')
    .option('--by <who>', 'only what this one did: an id such as token:3, or a name')
    .option('--command <name>', 'only this, such as login, createToken, cancel')
    .option('--subject <what>', "only what was done to this, such as 'job 12'")
    .option('--since <time>', 'only of so long ago at most, such as 2d', duration)
    .option('--refused', 'only what was refused')
    .option('--limit <n>', 'at most so many', whole(1, 1_000), 50)
    .option('--export', 'everything that fits, oldest first, one JSON document a line')
    .action(action(audit));
  withExamples(command, [
    ['switchyard audit', 'who did what, newest first; refusals too'],
    ['switchyard audit --command login --refused --since 1d', 'who tried to get in'],
    ['switchyard audit --export > audit.ndjson', 'the whole trail, to keep'],
  ]);
}

async function audit({ client }: Context, options: Options): Promise<number> {
  const { by, command, subject, refused } = options;
  const since = options.since === undefined ? undefined : new Date(Date.now() - options.since).toISOString();
  const filter = { by, command, subject, refused, since };
  if (options.export === true) return exportAll(client, filter);
  const page = await client.audit({ ...filter, limit: options.limit });
  if (options.json === true) printJson(page);
  else print(tableText(columns(Date.now()), page.entries));
  return 0;
}

/** Page by page, at the speed of whoever reads it. */
async function exportAll(client: Client, filter: AuditQuery): Promise<number> {
  let cursor: string | undefined;
  do {
    const page = await client.audit({ ...filter, cursor, order: 'asc', limit: 1_000 });
    const lines = page.entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    if (lines !== '') await writeBytes(process.stdout, Buffer.from(lines));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return 0;
}

const columns = (now: number): readonly Column<AuditView>[] => [
  { title: 'WHEN', value: (entry) => whenText(entry.at, now) },
  { title: 'WHO', value: (entry) => `${entry.name} (${entry.by})` },
  { title: 'WHAT', value: (entry) => entry.command },
  { title: 'TO', value: (entry) => entry.subject },
  { title: 'REFUSED', value: (entry) => entry.refusal ?? '', style: () => 'red' },
];
