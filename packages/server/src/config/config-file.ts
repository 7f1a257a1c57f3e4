import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';

export type FileRead =
  | { readonly file: { readonly path: string; readonly content: Readonly<Record<string, unknown>> } | null }
  | { readonly problem: string };

const maxBytes = 1_048_576;

/** The file that was named, else `DATA/switchyard.toml` where it exists. */
export async function readConfigFile(named: string | undefined, dataDir: string): Promise<FileRead> {
  const path = named ?? join(dataDir, 'switchyard.toml');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return { file: null };
    return { problem: `The configuration file ${path} cannot be read: ${(error as Error).message}` };
  }
  if (text.length > maxBytes) return { problem: `The configuration file ${path} is larger than 1 MiB` };
  try {
    return { file: { path, content: parse(text) } };
  } catch (error) {
    if (error instanceof TomlError) return { problem: `${path}:${error.line}:${error.column}: ${firstLine(error.message)}` };
    throw error;
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
