import { readFile } from 'node:fs/promises';
import { removeFile, replaceFile } from './write-file.ts';

/** `DATA/server.json`: where the running server is, for the command line of the same user. No secret in it. */
export interface ServerRecord {
  readonly url: string;
  readonly pid: number;
}

export async function writeServerRecord(path: string, record: ServerRecord): Promise<void> {
  await replaceFile(path, `${JSON.stringify(record)}\n`);
}

/** Only our own: a server that came after us has written its own. */
export async function removeServerRecord(path: string, pid: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.includes(`"pid":${pid}}`)) await removeFile(path);
}
