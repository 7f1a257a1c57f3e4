import type { Result } from '../domain/errors.ts';
import { type Principal, system } from '../domain/principal.ts';
import type { Clock } from '../ports/clock.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { isLive } from './token-record.ts';
import type { NewToken, Tokens } from './tokens.ts';

/**
 * Makes a token and writes it to a file, 0600. The file comes first: a crash in between leaves a file whose token is not valid
 * yet, never a valid token that nobody has.
 */
export async function createTokenFile(
  tokens: Tokens,
  path: string,
  request: NewToken,
  by: Principal = system,
): ReturnType<Tokens['create']> {
  return tokens.create(by, request, (token) => writePrivateFile(path, `${token}\n`));
}

/** The token that stands in a file and its principal. Null: no file, or its token is not valid (any more). */
export async function readTokenFile(
  tokens: Tokens,
  path: string,
): Promise<Result<{ readonly token: string; readonly principal: Principal } | null>> {
  const file = await readPrivateFile(path);
  if (file.refusal !== undefined) return file;
  const token = file.value?.trim() ?? '';
  const principal = await tokens.authenticate(token);
  return { value: principal === null ? null : { token, principal } };
}

/**
 * At every start: the first one makes an administrator's token and writes it to `DATA/admin.token`, later ones do nothing as
 * long as any live administrator's token exists, so that an administrator may remove the file or replace the token.
 * Refused where others may read the file.
 */
export async function createAdminTokenFile(
  tokens: Tokens,
  path: string,
  clock: Clock,
): Promise<Result<{ readonly created: boolean }>> {
  const file = await readPrivateFile(path);
  if (file.refusal !== undefined) return file;
  const all = await tokens.list();
  if (all.some((info) => info.role === 'admin' && isLive(info, clock.now()))) return { value: { created: false } };
  const made = await createTokenFile(tokens, path, { name: 'first administrator', role: 'admin' });
  return made.refusal === undefined ? { value: { created: true } } : made;
}
