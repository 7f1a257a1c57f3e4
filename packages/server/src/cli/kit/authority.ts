import { readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** Trusts the authority in this file (PEM) beside those that Node knows, for this process. */
export async function trustAuthority(path: string): Promise<void> {
  const pem = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`--ca ${path} cannot be read: ${error.message}`, exitCodes.usage.code);
  });
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), pem]);
  } catch (error) {
    throw new CliError(`--ca ${path} is no certificate (PEM): ${(error as Error).message}`, exitCodes.usage.code);
  }
}
