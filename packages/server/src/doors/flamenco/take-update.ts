import type { Result } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { LogPlace } from '../../engine/engine.ts';
import type { Answer } from '../kit/http-row.ts';
import type { Desk } from './desk.ts';
import type { Holding, KnownWorker } from './known-worker.ts';
import type { TaskUpdate } from './messages.ts';
import { lookup } from './principals.ts';
import { progressOf } from './progress.ts';
import * as session from './session.ts';
import { stepsOfHolding } from './steps.ts';
import { noteSupervision } from './supervision.ts';

/** Where an update goes: to the task that its worker holds, or, late, to the log of what it ran. */
export type Target = { readonly holding: Holding } | { readonly late: Omit<LogPlace, 'stream'> };

export type Found = { readonly target: Target } | { readonly status: 404 | 409 };

/** Whose the task is: unknown, another worker's, or this one's (or was, and nobody had it since). */
export async function findTarget(desk: Desk, worker: KnownWorker, task: TaskId | null): Promise<Found> {
  if (task === null) return { status: 404 };
  const holding = desk.fleet.holding(task);
  if (holding !== null) return holding.worker === worker ? { target: { holding } } : { status: 409 };
  const shown = await desk.engine.query.task(lookup, task);
  if (shown.refusal !== undefined) return { status: 404 };
  const { attempt } = shown.value;
  if (attempt === null || attempt.worker !== worker.id) return { status: 409 };
  return { target: { late: { task, attempt: attempt.number } } };
}

const done: Answer = { status: 204 };

/** The log is kept whatever the task's state; the rest counts only while the worker holds it (flamenco §4). */
export async function takeUpdate(
  desk: Desk,
  worker: KnownWorker,
  task: TaskId,
  update: TaskUpdate,
  first: boolean,
): Promise<Answer> {
  // Looked at anew: it may have moved while earlier updates of this worker were taken.
  const found = await findTarget(desk, worker, task);
  if ('status' in found) return { status: found.status };
  const { target } = found;
  const place = 'late' in target ? target.late : { task: target.holding.task, attempt: target.holding.attempt };
  const logged = appendLog(desk, place, update.log, first);
  const told = 'holding' in target ? tellTask(desk, target.holding, update, place) : fine;
  const results = await Promise.all([logged, told]);
  return results.every((result) => result.refusal === undefined || lost.includes(result.refusal.code)) ? done : busy;
}

/** The task moved on in the meantime: what the worker said comes too late, and asking again would not help. */
const lost: readonly string[] = ['stale', 'not_found', 'wrong_state'];
const fine: Promise<Result<unknown>> = Promise.resolve({ value: null });
/** Kept by the worker, and sent again. */
const busy: Answer = { status: 503 };

async function appendLog(desk: Desk, at: Omit<LogPlace, 'stream'>, log: string, first: boolean): Promise<Result<unknown>> {
  if (log === '') return fine;
  const { logs } = desk.engine;
  const place: LogPlace = { ...at, stream: 'out' };
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(log) + 1);
  bytes.write(log);
  bytes[bytes.length - 1] = 0x0a;
  const lines = log.endsWith('\n') ? bytes.subarray(0, -1) : bytes;
  // Taken before the server was started anew, but its answer got lost: it stands at the end of the log already.
  if (first && (await endsWith(desk, place, lines))) return fine;
  return logs.append(place, null, lines);
}

async function endsWith({ engine }: Desk, place: LogPlace, bytes: Buffer): Promise<boolean> {
  const { [place.stream]: length } = await engine.logs.lengths(place.task, place.attempt);
  if (length < bytes.length) return false;
  const read = await engine.logs.read(lookup, place, { start: length - bytes.length, end: length });
  if (read.refusal !== undefined) return false;
  return Buffer.concat(read.value.parts.map(({ bytes: part }) => part)).equals(bytes);
}

async function tellTask(
  desk: Desk,
  holding: Holding,
  update: TaskUpdate,
  at: Omit<LogPlace, 'stream'>,
): Promise<Result<unknown>> {
  const { clock } = desk;
  const { worker } = holding;
  // Rows of its queue may come before its first word to a server that was started anew.
  await session.ensure(desk, worker, 'awake');
  worker.handle?.alive();
  worker.handle?.taskAlive(holding.task);
  holding.heard = true;
  holding.updatedAt = clock.monotonic();
  noteSupervision(desk, holding);
  const { status } = update;
  if (status === 'completed' || status === 'failed') return endTask(desk, holding, update, at);
  // It stopped the task by itself (SIGUSR1): nobody here canceled it, so it goes back (flamenco §8 B13).
  if (status === 'canceled') return giveBack(desk, holding, 'the worker stopped it');
  if (holding.state === 'running') await showProgress(desk, holding, update);
  return fine;
}

async function showProgress(desk: Desk, holding: Holding, update: TaskUpdate): Promise<void> {
  const { engine } = desk;
  const steps = await stepsOfHolding(desk, holding);
  const progress = progressOf(update, steps, engine.lastProgress(holding.task));
  if (progress !== null) engine.progress(holding.task, holding.attempt, progress);
}

async function endTask(
  desk: Desk,
  { task, attempt, worker }: Holding,
  { status, activity, timing }: TaskUpdate,
  at: Omit<LogPlace, 'stream'>,
): Promise<Result<unknown>> {
  const { engine } = desk;
  // Who waits for the task must find its output in the log.
  await engine.logs.handedIn(at.task, at.attempt);
  const succeeded = status === 'completed';
  return engine.command(worker.principal, 'end', {
    task,
    attempt,
    session: worker.session,
    outcome: succeeded ? 'succeeded' : 'failed',
    reason: succeeded ? null : 'error',
    exitCode: null,
    signal: null,
    error: succeeded ? null : activity || 'the worker did not say why',
    // Of other updates it may be the previous task's (flamenco §3).
    result: timing === null ? null : JSON.stringify({ timing }),
    artifacts: [],
  });
}

/** Unharmed: back into the queue, or to where its stop leads. */
export function giveBack(desk: Desk, { task, attempt, worker }: Holding, why: string): Promise<Result<unknown>> {
  const by = { task, attempt, session: worker.session };
  return desk.engine.command(worker.principal, 'giveBack', { ...by, how: 'free', why });
}
