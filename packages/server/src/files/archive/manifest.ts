import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileMode } from '../disk.ts';
import { ArchiveError } from './archive-error.ts';

/** What stands on the lid of a backup. */
export interface BackupHead {
  readonly format: 1;
  /** When its database was as it is, ISO 8601. */
  readonly made: string;
  /** Of the server's program. */
  readonly version: string;
  readonly schema: number;
  readonly newestChange: number;
}

export interface ArchivedFile {
  /** Below DATA, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly mode: number;
  /** Last change, ns since 1970. */
  readonly mtime: string;
}

const hashed = /^[0-9a-f]{64}$/;
const digits = /^\d{1,20}$/;

/**
 * One backup: a line of JSON for the head, one for each file in order of path, and a last one with the number of files and the
 * digest of all lines before it. Written whole and flushed; the caller moves it to its place.
 */
export async function writeManifest(path: string, head: BackupHead, files: readonly ArchivedFile[]): Promise<void> {
  const digest = createHash('sha256');
  const handle = await open(path, 'wx', fileMode);
  try {
    let lines = `${JSON.stringify(head)}\n`;
    for (const file of files) {
      lines += `${JSON.stringify(file)}\n`;
      if (lines.length < 1_048_576) continue;
      digest.update(lines);
      await handle.appendFile(lines);
      lines = '';
    }
    digest.update(lines);
    await handle.appendFile(`${lines}${JSON.stringify({ files: files.length, sha256: digest.digest('hex') })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface Manifest {
  readonly head: BackupHead;
  readonly files: readonly ArchivedFile[];
}

/** Throws `ArchiveError` for anything that was not written by `writeManifest`, to the last byte. */
export async function readManifest(path: string): Promise<Manifest> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  const digest = createHash('sha256');
  const files: ArchivedFile[] = [];
  let head: BackupHead | null = null;
  let ended = false;
  for await (const line of lines) {
    const value = ended ? null : parse(line);
    if (value === null) throw damaged(path);
    if (isFoot(value)) {
      if (value.files !== files.length || value.sha256 !== digest.digest('hex')) throw damaged(path);
      ended = true;
      continue;
    }
    digest.update(`${line}\n`);
    if (head === null) head = headOf(value, path);
    else if (isFile(value)) files.push(value);
    else throw damaged(path);
  }
  if (head === null || !ended) throw damaged(path);
  return { head, files };
}

const damaged = (path: string): ArchiveError =>
  new ArchiveError(`The list of the backup ${path} is damaged or cut off: use another backup`);

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function headOf(value: Record<string, unknown>, path: string): BackupHead {
  const { format, made, version, schema, newestChange } = value;
  if (typeof format === 'number' && format > 1) {
    throw new ArchiveError(`The backup ${path} was made by a newer Switchyard (format ${format}): restore it with that version`);
  }
  const good =
    format === 1 &&
    typeof made === 'string' &&
    typeof version === 'string' &&
    Number.isSafeInteger(schema) &&
    Number.isSafeInteger(newestChange);
  if (!good) throw damaged(path);
  return { format, made, version, schema: schema as number, newestChange: newestChange as number };
}

const isFoot = (value: Record<string, unknown>): value is { files: number; sha256: string } =>
  Object.keys(value).length === 2 && 'files' in value && 'sha256' in value;

function isFile(value: Record<string, unknown>): value is Record<string, unknown> & ArchivedFile {
  const { path, sha256, size, mode, mtime } = value;
  return (
    typeof path === 'string' &&
    staysInside(path) &&
    typeof sha256 === 'string' &&
    hashed.test(sha256) &&
    Number.isSafeInteger(size) &&
    Number.isSafeInteger(mode) &&
    typeof mtime === 'string' &&
    digits.test(mtime)
  );
}

/** A relative path of plain steps: a list from a stranger writes nowhere but below the folder that it is restored to. */
export function staysInside(path: string): boolean {
  if (path === '' || path.includes('\\') || path.includes('\0') || path.includes(':')) return false;
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..');
}
