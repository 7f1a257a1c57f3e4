import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import type { Command } from 'commander';
import { dataDirOf } from '../../config/data-dir.ts';
import { trustAuthority } from './authority.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { say } from './output.ts';
import { readStoredToken, storedTokenPath } from './stored-token.ts';

export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly data?: string;
  readonly ca?: string;
}

export interface Connection {
  readonly client: Client;
  readonly server: string;
  /** Where the token came from, for messages; null: there is none. */
  readonly tokenFrom: string | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The flags that say which server and with which token. */
export function withConnection(command: Command): Command {
  return command
    .optionsGroup('Which server:')
    .option('--server <url>', 'default: $SWITCHYARD_SERVER, else the server of DATA, else http://127.0.0.1:8080')
    .option(
      '--token-file <file>',
      'file with the token; default: $SWITCHYARD_TOKEN, else "switchyard login", else DATA/admin.token',
    )
    .option('--token <token>', 'the token itself; other users can see it in the list of processes')
    .option('--ca <file>', "certificate of a private authority that signed the server's (PEM); default: $SWITCHYARD_CA")
    .option('--data <dir>', "the server's folder DATA; default: $SWITCHYARD_DATA, else ~/.local/share/switchyard");
}

export async function connect(options: ConnectionOptions, env: Env = process.env): Promise<Connection> {
  const dataDir = dataDirOf(options.data, env);
  const ca = options.ca ?? env.SWITCHYARD_CA;
  if (ca !== undefined && ca !== '') await trustAuthority(ca);
  const server = serverUrl(options.server ?? env.SWITCHYARD_SERVER ?? (await recordedServer(dataDir)));
  const { token, from } = await findToken(options, env, dataDir, server);
  return { client: createClient({ server, token: token ?? undefined }), server, tokenFrom: from };
}

function serverUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError(`"${text}" is not the address of a server; write it like http://127.0.0.1:8080`, exitCodes.usage.code);
  }
  return url.href.replace(/\/+$/, '');
}

/** A running server leaves its address in DATA, so that one with a port of its own is found too. */
async function recordedServer(dataDir: string): Promise<string> {
  try {
    const { url } = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { url?: unknown };
    if (typeof url === 'string') return url;
  } catch {
    // None, or not readable: the default address then.
  }
  return 'http://127.0.0.1:8080';
}

async function findToken(
  options: ConnectionOptions,
  env: Env,
  dataDir: string,
  server: string,
): Promise<{ token: string | null; from: string | null }> {
  if (options.token !== undefined) {
    say('switchyard: --token shows the token in the list of processes; use --token-file or SWITCHYARD_TOKEN');
    return { token: options.token, from: '--token' };
  }
  if (options.tokenFile !== undefined) return { token: await tokenIn(options.tokenFile), from: options.tokenFile };
  if (env.SWITCHYARD_TOKEN !== undefined) return { token: env.SWITCHYARD_TOKEN.trim(), from: 'SWITCHYARD_TOKEN' };
  if (env.SWITCHYARD_TOKEN_FILE !== undefined) {
    return { token: await tokenIn(env.SWITCHYARD_TOKEN_FILE), from: env.SWITCHYARD_TOKEN_FILE };
  }
  const stored = storedTokenPath(server, env);
  const login = await readStoredToken(stored);
  if (login !== null) return { token: login, from: stored };
  // This machine's administrator token is for this machine's server: it is never sent elsewhere unasked.
  if (!isLoopback(new URL(server).hostname)) return { token: null, from: null };
  const path = join(dataDir, 'admin.token');
  const token = await readFile(path, 'utf8').catch(() => null);
  return { token: token?.trim() ?? null, from: token === null ? null : path };
}

async function tokenIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new CliError(`The token file ${path} cannot be read: ${(error as Error).message}`, exitCodes.denied.code);
  }
}

export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
