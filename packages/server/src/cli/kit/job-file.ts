import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import { CliError } from './cli-error.ts';

/** Jobs of a file (YAML or JSON; `-` is standard input): one, a list, or several YAML documents. Checked by the server. */
export async function jobsInFile(path: string, stdin: NodeJS.ReadableStream): Promise<JobRequest[]> {
  const text = path === '-' ? await textOf(stdin) : await read(path);
  const values = await documents(path, text);
  const jobs = values.flatMap((value) => (Array.isArray(value) ? value : [value]));
  if (jobs.length === 0) throw new CliError(`${path}: there is no job in it`);
  for (const job of jobs) {
    if (typeof job !== 'object' || job === null || !('spec' in job)) {
      throw new CliError(`${path}: a job is an object with "spec", such as {spec: {argv: [echo, hi]}}`);
    }
  }
  return jobs as JobRequest[];
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`The job file cannot be read: ${error.message}`);
  });
}

async function documents(path: string, text: string): Promise<unknown[]> {
  try {
    if (path.endsWith('.json')) return [JSON.parse(text)];
    const { parseAllDocuments } = await import('yaml');
    const parsed = [...parseAllDocuments(text)];
    const wrong = parsed.flatMap((document) => document.errors)[0];
    if (wrong !== undefined) throw wrong;
    return parsed.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown).filter((value) => value !== null);
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`);
  }
}
