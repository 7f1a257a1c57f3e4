import { ShellPayload, type Sink } from '@switchyard/sdk/task-spec.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';

/** What a Kueue worker is told to run, and what its clients are shown. */
export interface ShellCommand {
  readonly argv: string[];
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** False: longer than asked for, and cut. */
  readonly whole: boolean;
}

/** Only the form is checked here; the bounds were checked where the task came in. */
const body = Compile(
  Type.Object({
    payload: Type.Object({
      argv: Type.Array(Type.String(), { minItems: 1 }),
      cwd: Type.Optional(Type.String()),
      env: Type.Optional(Type.Record(Type.String(), Type.String())),
      stdout: Type.Optional(ShellPayload.properties.stdout),
      stderr: Type.Optional(ShellPayload.properties.stderr),
    }),
  }),
);

/** Shown instead of a directory for tasks that run in a fresh folder; such a task is never given to a Kueue worker. */
export const freshFolder = '(fresh folder)';

const unreadable: ShellCommand = {
  argv: ['(not a command)'],
  cwd: freshFolder,
  stdout: 'capture',
  stderr: 'capture',
  whole: false,
};

/**
 * A task's body (JSON text) as Kueue sees it: an array's placeholders filled in, an environment as `env NAME=VALUE …` in front.
 * `limit`: characters of all words together; placeholders can make much of little.
 */
export function shellCommandOf(json: string, index: number | null, value: string | null, limit: number): ShellCommand {
  const parsed = parse(json);
  if (!body.Check(parsed)) return unreadable;
  const { argv, cwd, env, stdout, stderr } = parsed.payload;
  const words = bounded([...environment(env ?? {}), ...argv.map((word) => () => fill(word, index, value, limit))], limit);
  return {
    ...words,
    cwd: (cwd ?? freshFolder).toWellFormed(),
    stdout: stdout ?? 'capture',
    stderr: stderr ?? 'capture',
  };
}

/** Words are made one by one, so that no more is made than is asked for. */
function bounded(words: readonly (() => string)[], limit: number): { argv: string[]; whole: boolean } {
  const argv: string[] = [];
  let left = limit;
  for (const make of words) {
    const word = make();
    if (word.length > left) {
      argv.push(`${word.slice(0, left)}…`.toWellFormed());
      return { argv, whole: false };
    }
    argv.push(word.toWellFormed());
    left -= word.length;
  }
  return { argv, whole: true };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

const placeholder = /\{(index|item|value)\}/g;

/** `{index}` is the position in the array, `{item}` and `{value}` the value that stands for it; elsewhere the text stays as it is. */
function fill(text: string, index: number | null, value: string | null, limit: number): string {
  if (index === null || !text.includes('{')) return text;
  const shown = value ?? String(index);
  let filled = '';
  let from = 0;
  for (const { 0: found, 1: name, index: at } of text.matchAll(placeholder)) {
    filled += text.slice(from, at) + (name === 'index' ? String(index) : shown);
    from = at + found.length;
    if (filled.length > limit) return filled;
  }
  return filled + text.slice(from);
}

/** Kueue's jobs have no environment of their own; `env` of every Unix gives them one. */
function environment(env: Readonly<Record<string, string>>): (() => string)[] {
  const pairs = Object.entries(env).map(
    ([name, value]) =>
      () =>
        `${name}=${value}`,
  );
  return pairs.length === 0 ? [] : [() => 'env', ...pairs];
}

const isDiscard = (path: string): boolean => path.trim().toLowerCase() === 'null';

/** `null`: capture; the word `null`: discard; else a file (kueue §2.2). A file that is really called so gets a `./` in front. */
export function sinkPath(sink: Sink): string | null {
  if (sink === 'capture') return null;
  if (sink === 'discard') return 'null';
  const path = sink.file.toWellFormed();
  return isDiscard(path) ? `./${path}` : path;
}

export function sinkOf(path: string | null | undefined): Sink {
  if (path === null || path === undefined) return 'capture';
  return isDiscard(path) ? 'discard' : { file: path };
}
