import { glob, lstat, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { WireArtifact, WireTask } from '@switchyard/sdk/worker-wire.ts';
import { realInside } from './inside.ts';
import { limits } from './limits.ts';
import { fill } from './placeholders.ts';
import type { ServerFiles } from './server-files.ts';

export interface Collected {
  readonly artifacts: readonly WireArtifact[];
  /** What could not be kept, and why: one sentence. */
  readonly problem: string | null;
}

/** Keeps what the globs match below `cwd`: files only, and none that a link leads to outside. */
export async function collectArtifacts(
  patterns: readonly string[],
  task: Pick<WireTask, 'index' | 'value'>,
  cwd: string,
  files: ServerFiles,
  stop: AbortSignal,
): Promise<Collected> {
  const found = await match(
    patterns.map((pattern) => fill(pattern, task)),
    cwd,
  );
  if ('problem' in found) return { artifacts: [], problem: found.problem };
  const artifacts: WireArtifact[] = [];
  for (const { path, real } of found.files) {
    const answer = await files.upload(real, stop);
    if (!('value' in answer)) return { artifacts, problem: notKept(path, answer) };
    artifacts.push({ path, ...answer.value });
  }
  return { artifacts, problem: null };
}

export interface WantedFile {
  /** Its name as an artifact. */
  readonly path: string;
  readonly file: string;
}

export interface Uploaded extends Collected {
  /** Trying again later may help: the server could not be reached. */
  readonly again: boolean;
}

/** Small files are mostly waiting for the server. */
const uploadsAtOnce = 4;

/** Keeps files that are named; those that are not there are left out. */
export async function uploadFiles(wanted: readonly WantedFile[], files: ServerFiles, stop: AbortSignal): Promise<Uploaded> {
  const artifacts: WireArtifact[] = [];
  for (let at = 0; at < wanted.length; at += uploadsAtOnce) {
    const answers = await Promise.all(wanted.slice(at, at + uploadsAtOnce).map((one) => uploadOne(one, files, stop)));
    for (const answer of answers) if (answer !== null && 'artifact' in answer) artifacts.push(answer.artifact);
    const bad = answers.find((answer) => answer !== null && 'problem' in answer);
    if (bad !== undefined && bad !== null && 'problem' in bad) return { artifacts, ...bad };
  }
  return { artifacts, problem: null, again: false };
}

type One = { readonly artifact: WireArtifact } | { readonly problem: string; readonly again: boolean };

async function uploadOne({ path, file }: WantedFile, files: ServerFiles, stop: AbortSignal): Promise<One | null> {
  const found = await lstat(file).catch(() => null);
  if (!found?.isFile()) return null;
  const answer = await files.upload(file, stop);
  if ('value' in answer) return { artifact: { path, ...answer.value } };
  return { problem: notKept(path, answer), again: 'unreachable' in answer };
}

function notKept(path: string, answer: { refused: string } | { unreachable: string }): string {
  const why = 'refused' in answer ? answer.refused : answer.unreachable;
  return `the output ${JSON.stringify(path)} could not be kept: ${why}`;
}

interface Found {
  readonly path: string;
  readonly real: string;
}

async function match(patterns: readonly string[], cwd: string): Promise<{ files: Found[] } | { problem: string }> {
  const files = new Map<string, Found>();
  let bytes = 0;
  for (const pattern of patterns) {
    if (leadsOut(pattern)) return { problem: `the output ${JSON.stringify(pattern)} leads out of the working directory` };
    for await (const name of glob(pattern, { cwd })) {
      const path = sep === '/' ? name : name.replaceAll(sep, '/');
      if (files.has(path) || leadsOut(path)) continue;
      const file = await regularFile(cwd, name);
      if (file === null) continue;
      bytes += file.size;
      files.set(path, { path, real: file.real });
      if (files.size > limits.artifactCount) return { problem: `the outputs match more than ${limits.artifactCount} files` };
      if (bytes > limits.artifactBytes) return { problem: `the outputs are larger than ${limits.artifactBytes} bytes` };
    }
  }
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function leadsOut(path: string): boolean {
  return isAbsolute(path) || path.split(/[/\\]/).includes('..');
}

async function regularFile(cwd: string, name: string): Promise<{ real: string; size: number } | null> {
  const path = join(cwd, name);
  const real = await realInside(cwd, path).catch(() => null);
  if (real === null) return null;
  const found = await stat(real).catch(() => null);
  return found?.isFile() ? { real, size: found.size } : null;
}
