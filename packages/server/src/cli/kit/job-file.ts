import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import { CliError } from './cli-error.ts';
import { fillIn } from './job-template.ts';
import { type Values, valuesGiven } from './job-variables.ts';

/**
 * Jobs of a file (YAML or JSON; `-` is standard input): one, a list, or several YAML documents. Where it declares variables, their
 * values (`name=value`) are put in. The jobs are checked by the server.
 */
export async function jobsInFile(
  path: string,
  stdin: NodeJS.ReadableStream,
  given: readonly string[] = [],
): Promise<JobRequest[]> {
  const text = path === '-' ? await textOf(stdin) : await read(path);
  const values = await documents(path, text, valuesGiven(given));
  const jobs = values.flatMap(jobsOf);
  if (jobs.length === 0) throw new CliError(`${path}: there is no job in it`);
  for (const job of jobs) {
    if (typeof job !== 'object' || job === null || !('spec' in job)) {
      throw new CliError(`${path}: a job is an object with "spec", such as {spec: {argv: [echo, hi]}}`);
    }
  }
  return jobs as JobRequest[];
}

/** One, a list, or a list beside the variables of them all. */
function jobsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  const { jobs } = value as { jobs?: unknown };
  return Array.isArray(jobs) && Object.keys(value as object).length === 1 ? jobs : [value];
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`The job file cannot be read: ${error.message}`);
  });
}

async function documents(path: string, text: string, given: Values): Promise<unknown[]> {
  try {
    // YAML takes JSON as it is; what is wrong in JSON, its own parser says better.
    if (path.endsWith('.json')) JSON.parse(text);
    const yaml = await import('yaml');
    const lines = new yaml.LineCounter();
    const parsed = [...yaml.parseAllDocuments(text, { lineCounter: lines })];
    const wrong = parsed.flatMap((document) => document.errors)[0];
    if (wrong !== undefined) throw wrong;
    fillIn(parsed, given, { yaml, lineOf: (offset) => lines.linePos(offset).line });
    return parsed.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown).filter((value) => value !== null);
  } catch (error) {
    const { message } = error as Error;
    throw error instanceof CliError ? new CliError(`${path}: ${message}`, error.exitCode) : new CliError(`${path}: ${message}`);
  }
}
