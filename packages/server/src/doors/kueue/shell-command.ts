import { ShellPayload, type Sink } from '@switchyard/sdk/task-spec.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';

/** What a Kueue worker is told to run, and what its clients are shown. */
export interface ShellCommand {
  readonly argv: string[];
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
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

const unreadable: ShellCommand = { argv: ['(not a command)'], cwd: freshFolder, stdout: 'capture', stderr: 'capture' };

/** A task's body (JSON text) as Kueue sees it: an array's placeholders filled in, an environment as `env NAME=VALUE …` in front. */
export function shellCommandOf(json: string, index: number | null, value: string | null): ShellCommand {
  const parsed = parse(json);
  if (!body.Check(parsed)) return unreadable;
  const { argv, cwd, env, stdout, stderr } = parsed.payload;
  const words = argv.map((word) => fill(word, index, value).toWellFormed());
  return {
    argv: [...environment(env ?? {}), ...words],
    cwd: (cwd ?? freshFolder).toWellFormed(),
    stdout: stdout ?? 'capture',
    stderr: stderr ?? 'capture',
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** `{index}` is the position in the array, `{item}` and `{value}` the value that stands for it; elsewhere the text stays as it is. */
function fill(text: string, index: number | null, value: string | null): string {
  if (index === null || !text.includes('{')) return text;
  return text.replace(/\{(index|item|value)\}/g, (_, name: string) =>
    name === 'index' ? String(index) : (value ?? String(index)),
  );
}

/** Kueue's jobs have no environment of their own; `env` of every Unix gives them one. */
function environment(env: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value.toWellFormed()}`);
  return pairs.length === 0 ? [] : ['env', ...pairs];
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
