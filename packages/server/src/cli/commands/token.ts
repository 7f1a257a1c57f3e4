import { open } from 'node:fs/promises';
import { tokenRoles as roles } from '@switchyard/sdk/requests.ts';
import type { TokenView } from '@switchyard/sdk/token.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { CliError, usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { duration } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson, say } from '../kit/output.ts';
import { type Column, tableText } from '../kit/table.ts';
import { whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;
type CreateOptions = Options & { readonly role: string; readonly expires?: number; readonly to?: string };

export function define(command: Command): void {
  const list = command
    .command('list', { isDefault: true })
    .summary('all tokens')
    .description('All tokens, without their secrets.');
  withJson(withConnection(list)).action(action(listAll));
  const make = command.command('create').summary('make a token').description('Makes a token. It is shown this once.');
  withJson(withConnection(make))
    .optionsGroup('Options:')
    .argument('<name>', 'whose or what for')
    .option('--role <role>', roles.join(', '), 'submitter')
    .option('--expires <time>', 'it ends after this, such as 30d', duration)
    .option('--to <file>', 'write it to this file (0600) instead of showing it')
    .action(action(create));
  const revoke = command.command('revoke').summary('end a token').description('Ends a token at once.');
  withConnection(revoke).argument('<id>', 'as listed').action(action(revokeOne));
  withExamples(command, [
    ['switchyard token create ada', 'for a person: submits and sees her own jobs'],
    ['switchyard token create node7 --role worker --to node7.token', 'for a worker, into a file'],
    ['switchyard token revoke 3', 'it is over'],
  ]);
}

async function create({ client }: Context, options: CreateOptions, name: string): Promise<number> {
  const role = roles.find((one) => one === options.role);
  if (role === undefined) throw usage(`--role must be one of ${roles.join(', ')}`);
  const expiry = options.expires === undefined ? {} : { expiresAt: new Date(Date.now() + options.expires).toISOString() };
  const file = options.to === undefined ? null : await fresh(options.to);
  try {
    const made = await client.tokens.create({ name, role, ...expiry });
    await file?.writeFile(`${made.token}\n`);
    if (options.json === true) printJson(file === null ? made : { ...made, token: undefined });
    else if (file === null) {
      say(`Token ${made.id} for ${name}, role ${role}. It is shown this once:`);
      print(made.token);
    } else print(`Token ${made.id} for ${name}, role ${role}, is in ${options.to}`);
  } finally {
    await file?.close();
  }
  return 0;
}

/** Opened before the token is made: a token that cannot be kept is not made. */
async function fresh(path: string): ReturnType<typeof open> {
  return open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(error.code === 'EEXIST' ? `${path} exists already; name another file` : `${path}: ${error.message}`);
  });
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const tokens = await client.tokens.list();
  if (options.json === true) printJson({ tokens });
  else print(tableText(columns(Date.now()), tokens));
  return 0;
}

const columns = (now: number): readonly Column<TokenView>[] => [
  { title: 'ID', value: (token) => token.id },
  { title: 'ROLE', value: (token) => token.role },
  { title: 'CREATED', value: (token) => whenText(token.createdAt, now) },
  { title: 'LAST USED', value: (token) => whenText(token.lastUsedAt, now) },
  { title: 'EXPIRES', value: (token) => whenText(token.expiresAt, now) },
  { title: 'NAME', value: (token) => token.name },
];

async function revokeOne({ client }: Context, _: Options, id: string): Promise<number> {
  await client.tokens.revoke(id);
  print(`token ${id} is revoked`);
  return 0;
}
