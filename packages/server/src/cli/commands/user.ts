import type { AccountView, InvitationView } from '@switchyard/sdk/account.ts';
import { type TokenRole, tokenRoles } from '@switchyard/sdk/requests.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { usage } from '../kit/cli-error.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { duration } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson, say } from '../kit/output.ts';
import { askNewPassword, askPassword, type PasswordOption } from '../kit/password.ts';
import { type Column, tableText } from '../kit/table.ts';
import { whenText } from '../kit/times.ts';

type Options = ConnectionOptions & JsonOption;
type AddOptions = Options & PasswordOption & { readonly role: string; readonly email?: string; readonly password: boolean };
type InviteOptions = Options & { readonly role: string; readonly expires?: number; readonly note?: string };

const week = 7 * 86_400_000;

export function define(command: Command): void {
  const sub = (name: string, summary: string, description: string): Command =>
    command.command(name).summary(summary).description(description);

  const list = command.command('list', { isDefault: true }).summary('all accounts').description('All accounts.');
  withJson(withConnection(list)).action(action(listAll));
  withJson(withConnection(sub('add', 'make an account', 'Makes an account; asks for its password.')))
    .optionsGroup('Options:')
    .argument('<name>', 'the username')
    .option('--role <role>', tokenRoles.join(', '), 'submitter')
    .option('--email <address>', 'its e-mail address')
    .option('--password-stdin', 'read the password from standard input')
    .option('--no-password', 'nobody signs in until one is set')
    .action(action(add));
  withConnection(sub('passwd', 'set a password', 'Sets a password. Without a name: your own; all your other sessions end.'))
    .optionsGroup('Options:')
    .argument('[name]', 'whose (for administrators)')
    .option('--password-stdin', 'read it from standard input (of others only)')
    .action(action(passwd));
  withConnection(sub('role', 'change the role', 'Changes the role; sessions of before end.'))
    .argument('<name>', 'the username')
    .argument('<role>', tokenRoles.join(', '))
    .action(action(setRole));
  withConnection(sub('disable', 'lock an account', 'Locks an account: nobody signs in, its sessions end.'))
    .argument('<name>', 'the username')
    .action(
      action(async ({ client }: Context, _: Options, name: string) =>
        changed(await client.users.change(name, { disabled: true })),
      ),
    );
  withConnection(sub('enable', 'unlock an account', 'Unlocks an account.'))
    .argument('<name>', 'the username')
    .action(
      action(async ({ client }: Context, _: Options, name: string) =>
        changed(await client.users.change(name, { disabled: false })),
      ),
    );
  withConnection(sub('remove', 'remove an account', 'Removes an account. Its sessions end, its jobs stay.'))
    .argument('<name>', 'the username')
    .action(action(remove));
  withJson(withConnection(sub('invite', 'invite somebody', 'Makes an invitation: whoever has its code makes one account.')))
    .optionsGroup('Options:')
    .option('--role <role>', tokenRoles.join(', '), 'submitter')
    .option('--expires <time>', 'it ends after this, such as 2d; default: a week', duration)
    .option('--note <text>', 'for whom')
    .action(action(invite));
  withJson(withConnection(sub('invitations', 'open invitations', 'Invitations that nobody has used yet.'))).action(
    action(invitations),
  );
  withConnection(sub('uninvite', 'take an invitation back', 'Takes an invitation back.'))
    .argument('<id>', 'as listed')
    .action(action(uninvite));
  withExamples(command, [
    ['switchyard user add ada', 'she submits and sees her own jobs; asks for her password'],
    ['switchyard user invite --role operator --note bob', 'he chooses his own name and password'],
    ['switchyard user role ada operator', ''],
    ['switchyard user passwd', 'your own'],
  ]);
}

function roleOf(text: string): TokenRole {
  const role = tokenRoles.find((one) => one === text);
  if (role === undefined) throw usage(`A role is one of ${tokenRoles.join(', ')}`);
  return role;
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const users = await client.users.list();
  if (options.json === true) printJson({ users });
  else if (users.length === 0) print('No accounts. Make one: switchyard user add NAME');
  else print(tableText(columns(Date.now()), users));
  return 0;
}

const columns = (now: number): readonly Column<AccountView>[] => [
  { title: 'NAME', value: ({ username }) => username },
  { title: 'ROLE', value: ({ role }) => role },
  {
    title: 'STATE',
    value: ({ disabled }) => (disabled ? 'disabled' : 'active'),
    style: ({ disabled }) => (disabled ? 'red' : null),
  },
  { title: 'SESSIONS', value: ({ sessions }) => sessions, right: true },
  { title: 'LAST LOGIN', value: ({ lastLoginAt }) => whenText(lastLoginAt, now) },
  { title: 'CREATED', value: ({ createdAt }) => whenText(createdAt, now) },
  { title: 'OWNER OF JOBS', value: ({ id }) => `user:${id}` },
  { title: 'E-MAIL', value: ({ email }) => email ?? '' },
];

async function add({ client }: Context, options: AddOptions, username: string): Promise<number> {
  const role = roleOf(options.role);
  const password = options.password ? await askNewPassword(`Password of ${username}`, options) : null;
  const made = await client.users.add({ username, role, password, email: options.email ?? null });
  if (options.json === true) printJson(made);
  else print(`Account ${made.username}, role ${made.role}${password === null ? ', without a password yet' : ''}`);
  return 0;
}

async function passwd({ client }: Context, options: Options & PasswordOption, name: string | undefined): Promise<number> {
  if (name === undefined) {
    const old = await askPassword('Present password', {});
    await client.session.changePassword({ old, password: await askNewPassword('New password', {}) });
    print('Your password is changed; all your other sessions are over');
    return 0;
  }
  const account = await client.users.setPassword(name, await askNewPassword(`New password of ${name}`, options));
  print(`The password of ${account.username} is set; its sessions are over`);
  return 0;
}

async function setRole({ client }: Context, _: Options, name: string, role: string): Promise<number> {
  return changed(await client.users.change(name, { role: roleOf(role) }));
}

function changed({ username, role, disabled }: AccountView): number {
  print(`Account ${username}, role ${role}${disabled ? ', disabled' : ''}`);
  return 0;
}

async function remove({ client }: Context, _: Options, name: string): Promise<number> {
  await client.users.remove(name);
  print(`Account ${name} is removed`);
  return 0;
}

async function invite({ client, server }: Context, options: InviteOptions): Promise<number> {
  const expiresAt = new Date(Date.now() + (options.expires ?? week)).toISOString();
  const note = options.note === undefined ? {} : { note: options.note };
  const made = await client.users.invite({ role: roleOf(options.role), expiresAt, ...note });
  if (options.json === true) printJson(made);
  else {
    say(
      `An invitation for one account, role ${made.role}, until ${whenText(made.expiresAt, Date.now())}. It is shown this once:`,
    );
    print(made.code);
    say(`They use it with:  switchyard login NAME --server ${server} --invitation ${made.code}`);
  }
  return 0;
}

async function invitations({ client }: Context, options: Options): Promise<number> {
  const found = await client.users.invitations();
  if (options.json === true) printJson({ invitations: found });
  else if (found.length === 0) print('No open invitations');
  else print(tableText(invitationColumns(Date.now()), found));
  return 0;
}

const invitationColumns = (now: number): readonly Column<InvitationView>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'EXPIRES', value: ({ expiresAt }) => whenText(expiresAt, now) },
  { title: 'BY', value: ({ createdBy }) => createdBy },
  { title: 'NOTE', value: ({ note }) => note },
];

async function uninvite({ client }: Context, _: Options, id: string): Promise<number> {
  await client.users.revokeInvitation(id);
  print(`invitation ${id} is taken back`);
  return 0;
}
