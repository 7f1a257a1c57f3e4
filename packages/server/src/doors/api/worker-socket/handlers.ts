import { limits } from '@switchyard/sdk/names.ts';
import type { FromWorker, WireEnd } from '@switchyard/sdk/worker-wire.ts';
import type { ErrorCode, Result } from '../../../domain/errors.ts';
import { type HeldAttempt, type LiveLink, newlyHeld } from './live-link.ts';

type Message<M extends FromWorker['m']> = Extract<FromWorker, { m: M }>;
type Handlers = {
  readonly [M in Exclude<FromWorker['m'], 'hello'>]: (link: LiveLink, message: Message<M>) => void;
};

/** Everything that a worker may say once it is welcome, and what becomes of it. Schemas: `sdk/worker-wire.ts`. */
export const handlers: Handlers = {
  accept,
  decline(link, { task, how }) {
    link.work(link.context.engine.command(link.by, 'decline', { task, session: link.session, how }));
  },
  'give-back': (link, { task, attempt, how, why }) => {
    const { engine } = link.context;
    const fence = { task, attempt, session: link.session };
    over(link, fence, () => engine.command(link.by, 'giveBack', { ...fence, how, why }));
  },
  report,
  end,
  drain: (link) => refresh(link, { mode: 'draining' }),
  bye: (link) => link.work(link.leave()),
  info(link, { info }) {
    if (JSON.stringify(info).length <= infoChars) refresh(link, { info });
  },
};

const infoChars = 16_384;

function accept(link: LiveLink, { task }: Message<'accept'>): void {
  const accepted = link.context.engine.command(link.by, 'accept', { task, session: link.session });
  link.work(
    accepted.then((result) => {
      if (result.refusal !== undefined) {
        link.say({ m: 'withdraw', task });
        return;
      }
      const { attempt } = result.value.assignment.task;
      link.held.set(task, newlyHeld(attempt));
      link.say({ m: 'go', task, attempt });
    }),
  );
}

function report(link: LiveLink, { task, attempt, progress, phase, checkpoint }: Message<'report'>): void {
  const held = link.held.get(task);
  if (held?.attempt !== attempt) return;
  const { engine } = link.context;
  link.handle.taskAlive(task);
  if (progress !== undefined) held.progress = progress;
  if (phase !== undefined) held.phase = phase;
  if (progress !== undefined || phase !== undefined) engine.progress(task, attempt, shownProgress(held));
  const text = checkpoint === undefined ? null : JSON.stringify(checkpoint);
  if (text === null || text.length > limits.checkpointBytes) return;
  link.work(engine.command(link.by, 'report', { task, attempt, session: link.session, checkpoint: text }));
}

function shownProgress({ progress, phase }: HeldAttempt) {
  return { done: progress?.done ?? 0, total: progress?.total ?? null, unit: progress?.unit ?? null, phase };
}

function end(link: LiveLink, message: WireEnd): void {
  const { task, attempt, outcome, reason, exitCode, signal, error, artifacts = [] } = message;
  const { engine } = link.context;
  const fence = { task, attempt, session: link.session };
  const result = message.result === undefined ? null : JSON.stringify(message.result);
  const kept = result !== null && result.length <= limits.resultBytes ? result : null;
  const input = { ...fence, outcome, reason, exitCode, signal, error, result: kept, artifacts };
  over(link, fence, () => engine.command(link.by, 'end', input));
}

/** Refusals after which the same report would be refused again: the worker may forget the attempt. */
const settled: ReadonlySet<ErrorCode> = new Set(['stale', 'wrong_state', 'not_found', 'void_offer', 'gone']);

/** The attempt is over: its log first, then the report; acknowledged once that is on disk. */
function over(
  { held, work, say }: LiveLink,
  { task, attempt }: { readonly task: number; readonly attempt: number },
  report: () => Promise<Result<unknown>>,
): void {
  const logs = held.get(task)?.attempt === attempt ? (held.get(task)?.logs ?? null) : null;
  // With no log on the way it is handed in now, together with what stands beside it in the frame.
  const reported = logs === null ? report() : logs.then(report);
  work(
    reported.then(({ refusal }) => {
      // Otherwise it is not acknowledged: the worker says it again.
      if (refusal !== undefined && !settled.has(refusal.code)) return;
      if (held.get(task)?.attempt === attempt) held.delete(task);
      say({ m: 'ended', task, attempt });
    }),
  );
}

function refresh(link: LiveLink, what: { mode?: 'draining'; info?: Readonly<Record<string, unknown>> }): void {
  const { worker, session, by } = link;
  const input = { worker, session, reported: null, total: null, info: what.info ?? null, mode: what.mode ?? null, seenAt: null };
  link.work(link.context.engine.command(by, 'refresh', input));
}
