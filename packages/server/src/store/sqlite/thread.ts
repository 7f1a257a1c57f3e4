import { parentPort, workerData } from 'node:worker_threads';
import type { Procedures, RunResult } from '../../ports/store.ts';
import type { Call, Outcome } from './calls.ts';
import { Core } from './core.ts';
import { openWriter, synchronousOf } from './database.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { migrate } from './migrate.ts';
import { isPlain } from './plain.ts';

/** The writer thread: owns the writing connection, runs the procedures, answers after the commit. */
const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a worker thread only');

const send = (message: FromThread): void => port.postMessage(message);

try {
  const { file, durability, procedures } = workerData as ThreadData;
  const connection = openWriter(file, durability);
  migrate(connection.db, file);
  const core = new Core(connection, await load(procedures));
  port.on('message', (message: ToThread) => {
    if ('calls' in message) return answer(message.calls, core.execute(message.calls));
    connection.close();
    send({ closed: true });
    port.close();
  });
  send({ ready: true, synchronous: synchronousOf(connection) });
} catch (error) {
  send({ failed: error instanceof Error ? error.message : String(error) });
}

async function load({ url, export: name }: ThreadData['procedures']): Promise<Procedures> {
  const module = (await import(url)) as Record<string, unknown>;
  const found = module[name];
  if (typeof found !== 'object' || found === null) throw new Error(`${url} exports no procedures called ${name}`);
  return found as Procedures;
}

function answer(calls: readonly Call[], outcomes: readonly Outcome[]): void {
  try {
    send({ outcomes });
  } catch {
    // Committed, but some answer is not a plain value: that one is a bug of its procedure, the others are told.
    send({ outcomes: outcomes.map((outcome, at) => (isPlain(outcome) ? outcome : unsendable(calls[at], outcome))) });
  }
}

function unsendable(call: Call | undefined, outcome: Outcome): Outcome {
  if (call?.call !== 'run' || !('result' in outcome)) return { failed: 'the answer cannot be sent' };
  const result = outcome.result as RunResult;
  const answers = result.answers.map((one) =>
    isPlain(one) ? one : { thrown: 'the answer of this procedure is not a plain value' },
  );
  return { result: { ...result, answers } };
}
