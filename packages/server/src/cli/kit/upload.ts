import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { CliError } from './cli-error.ts';

/** Sends a file to the server; the same content again costs nothing there. */
export async function upload(client: Client, path: string): Promise<{ blob: string; executable: boolean }> {
  const facts = await stat(path).catch((error: Error) => {
    throw new CliError(`--input ${path}: ${error.message}`);
  });
  if (facts.isDirectory()) {
    throw new CliError(`--input ${path} is a folder; pack it first: tar -czf files.tgz -C ${path} . && … --input files.tgz`);
  }
  if (!facts.isFile()) throw new CliError(`--input ${path} is not a plain file`);
  const content = await openAsBlob(path);
  const { blob } = await client.files.upload(content);
  return { blob, executable: (facts.mode & 0o111) !== 0 };
}
