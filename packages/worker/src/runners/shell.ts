import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { ShellPayload, type Sink } from '@switchyard/sdk/task-spec.ts';
import { Compile } from 'typebox/schema';
import { failed, giveBack, type Outcome, succeeded } from '../outcome.ts';
import type { ProcessEnd } from '../owned-process.ts';
import { fill } from '../placeholders.ts';
import type { RunContext, Runner } from './runner.ts';

const Payload = Compile(ShellPayload);

/** One program with arguments, no shell in between. */
export const shell: Runner = { how: 'process', run };

async function run(context: RunContext): Promise<Outcome> {
  const { task } = context;
  const { payload } = task.body;
  if (!Payload.Check(payload)) return giveBack('reject', `the payload of task ${task.task} is not one of kind shell`);
  const trouble = payload.cwd === undefined ? null : await folderTrouble(payload.cwd);
  if (trouble !== null) return giveBack('reject', trouble);
  const cwd = payload.cwd ?? context.freshFolder();
  const missing = await context.placeInputs(cwd);
  if (missing !== null) return missing;
  const ran = await context.spawn({
    argv: payload.argv.map((word) => fill(word, task)),
    cwd,
    env: payload.env ?? {},
    stdout: sinkOf(payload.stdout, task),
    stderr: sinkOf(payload.stderr, task),
  });
  if ('busy' in ran) return giveBack('defer', ran.busy);
  if ('failed' in ran) return failed({ reason: 'start', error: ran.failed });
  return await context.keepOutputs(cwd, outcomeOf(ran.end));
}

/** What is wrong with the directory, or null. */
async function folderTrouble(path: string): Promise<string | null> {
  const name = JSON.stringify(path);
  if (!isAbsolute(path)) return `the working directory ${name} is not absolute`;
  try {
    return (await stat(path)).isDirectory() ? null : `${name} on this worker is not a directory`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `there is no directory ${name} on this worker` : `cannot use the directory ${name}: ${message}`;
  }
}

function sinkOf(sink: Sink | undefined, task: RunContext['task']): Sink {
  if (sink === undefined || typeof sink === 'string') return sink ?? 'capture';
  return { file: fill(sink.file, task) };
}

function outcomeOf({ exitCode, signal, survivors }: ProcessEnd): Outcome {
  const error = survivors ? 'some of its processes cannot be ended (they wait for a device)' : undefined;
  if (exitCode === 0 && signal === null) return succeeded;
  const reason = signal === null && exitCode !== null ? 'exit' : 'signal';
  return failed(error === undefined ? { reason, exitCode, signal } : { reason, exitCode, signal, error });
}
