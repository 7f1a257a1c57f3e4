import { setImmediate } from 'node:timers/promises';
import { type Result, refuse } from '../../domain/errors.ts';
import { translate } from '../../domain/variables.ts';
import type { WorkerMode } from '../../domain/worker.ts';
import type { Answer, RowRequest } from '../kit/http-row.ts';
import { plainText } from '../kit/plain-text.ts';
import type { Desk } from './desk.ts';
import { giveTask } from './give-task.ts';
import { readHexId } from './ids.ts';
import type { KnownWorker } from './known-worker.ts';
import { mayIRun } from './may-i-run.ts';
import type { FileProduced, WorkerRegistration, WorkerSignonDoc } from './messages.ts';
import { housekeeping } from './principals.ts';
import { readUpdate } from './read-update.ts';
import { digestOf } from './recent-updates.ts';
import { infoOf, kindsOf, register } from './register.ts';
import { reportOf } from './report.ts';
import * as session from './session.ts';
import { findTarget, giveBack, takeUpdate } from './take-update.ts';
import { requestedOf } from './translate.ts';
import { readUpdateBody, textOfUpdate, type UpdateBody } from './update-body.ts';

/** What the rows for workers do. Each is answered without waiting for anything slow: a worker waits 3 s (flamenco §1). */
export interface WorkerHandlers {
  register(request: RowRequest): Promise<Answer>;
  signOn(request: RowRequest): Promise<Answer>;
  signOff(request: RowRequest): Promise<Answer>;
  task(request: RowRequest): Promise<Answer>;
  update(request: RowRequest): Promise<Answer>;
  giveBack(request: RowRequest): Promise<Answer>;
  mayIRun(request: RowRequest): Promise<Answer>;
  statusChange(request: RowRequest): Promise<Answer>;
  ackStatus(request: RowRequest): Promise<Answer>;
  outputProduced(request: RowRequest): Promise<Answer>;
}

type Refused = (result: { refusal: NonNullable<Result<never>['refusal']> }) => Answer;

const done: Answer = { status: 204 };
const unknownTask: Answer = { status: 404, body: { error: 'There is no such task' } };
const foreignTask: Answer = { status: 409, body: { error: 'This task belongs to another worker' } };
const unavailable: Answer = { status: 503, body: { error: 'The server cannot do that now; ask again' } };

const taskOf = ({ params }: RowRequest): number | null => readHexId('task', params.id);

export function workerHandlers(desk: Desk, refused: Refused): WorkerHandlers {
  const { engine, fleet, log, clock } = desk;

  function workerOf({ by }: RowRequest): KnownWorker {
    const worker = fleet.behind(by);
    if (worker === null) throw new Error(`${by.name} is no worker of this door`);
    return worker;
  }

  return {
    async register(request) {
      const registered = await register(desk, request, request.body as WorkerRegistration);
      if (registered.refusal !== undefined) return refused(registered);
      return { status: 200, body: reportOf(desk, registered.value) };
    },

    async signOn(request) {
      const worker = workerOf(request);
      const { nickname = '', supported_task_types: types = [] } = request.body as WorkerSignonDoc;
      const changes = {
        name: plainText(nickname, desk.limits.nameLength) || null,
        kinds: types.length === 0 ? null : kindsOf(types, desk.limits),
        info: infoOf(request, worker.platformText),
      };
      // It does not sleep any more, but one that was asleep when it vanished goes on sleeping (flamenco §8 B6).
      const slept = worker.mode === 'asleep' && worker.wanted === null && worker.status !== 'offline';
      if (!(await session.begin(desk, worker, null, changes))) return unavailable;
      Object.assign(worker, { fresh: true, unsupervised: false, software: changes.info.software, address: request.remote });
      // A process that starts runs nothing: what it was told to stop has stopped.
      for (const holding of [...worker.holdings.values()]) {
        if (holding.state === 'stopping') await giveBack(desk, holding, 'the worker was started anew');
        else holding.heard = true;
      }
      if (slept) await engine.command(housekeeping, 'wish', { worker: worker.id, mode: 'asleep', lazy: false });
      return done;
    },

    async signOff(request) {
      await session.end(desk, workerOf(request));
      return done;
    },

    task: (request) => giveTask(desk, workerOf(request)),

    async update(request) {
      const worker = workerOf(request);
      const task = taskOf(request);
      worker.handle?.alive();
      const found = await findTarget(desk, worker, task);
      if (task === null || 'status' in found) return 'status' in found && found.status === 409 ? foreignTask : unknownTask;
      const { stream, headers } = request;
      const announced = Number(headers['content-length'] ?? desk.limits.updateBytes);
      const leave = await desk.updateGate.enter(Math.min(announced, desk.limits.updateBytes));
      try {
        const body = await readUpdateBody(stream ?? nothing(), desk.limits.updateBytes);
        await breathe(body);
        const text = textOfUpdate(body);
        await breathe(body);
        const update = text === null ? tooLong : readUpdate(text, desk.limits.activityLength);
        await breathe(body);
        if (update.refusal !== undefined) return refused(update);
        if (body.missing > 0) log.warn({ worker: worker.id, task, missing: body.missing }, 'flamenco:update-cut');
        const first = worker.updates.isEmpty;
        const digest = update.value.log === '' ? null : digestOf(task, body);
        await breathe(body);
        return await worker.updates.once(digest, () => takeUpdate(desk, worker, task, update.value, first));
      } finally {
        leave();
      }
    },

    async giveBack(request) {
      const worker = workerOf(request);
      worker.handle?.alive();
      const found = await findTarget(desk, worker, taskOf(request));
      if ('status' in found) return found.status === 404 ? unknownTask : done;
      if ('late' in found.target) return done;
      await session.ensure(desk, worker, 'awake');
      const given = await giveBack(desk, found.target.holding, 'the worker stopped it');
      return given.refusal?.code === 'storage' ? unavailable : done;
    },

    mayIRun: (request) => mayIRun(desk, workerOf(request), taskOf(request)),

    async statusChange(request) {
      const worker = workerOf(request);
      if (!(await session.ensure(desk, worker, 'asleep'))) return unavailable;
      worker.handle?.alive();
      const requested = requestedOf(worker.wanted);
      if (requested !== null) return { status: 200, body: { status_requested: requested } };
      // Only a sleeping worker asks this: its word that it fell asleep got lost.
      if (worker.mode === 'awake' && worker.wanted === null) await session.became(desk, worker, 'asleep');
      return done;
    },

    async ackStatus(request) {
      const worker = workerOf(request);
      const mode = ackModes.find((known) => known === request.params.status);
      // Any word is taken, some mean nothing; `shutdown` is said by signing off (flamenco §2.2).
      if (mode === undefined) return done;
      if (!(await session.ensure(desk, worker, mode))) return unavailable;
      if (worker.wanted !== null && worker.wanted.mode !== mode) log.info({ worker: worker.id, mode }, 'flamenco:unasked-status');
      await session.became(desk, worker, mode);
      if (mode === 'error') excuse(desk, worker, clock.monotonic());
      return done;
    },

    async outputProduced(request) {
      const { paths } = request.body as FileProduced;
      const last = paths.at(-1);
      if (last === undefined) return { status: 422, body: { error: 'paths is empty' } };
      showImage(desk, workerOf(request), last);
      return done;
    },
  };
}

const ackModes: readonly WorkerMode[] = ['awake', 'asleep', 'error', 'testing'];

const tooLong = refuse('too_large', 'The update is too long, and not because of its log');

/** Megabytes take their time: between two looks at them others have their turn. */
async function breathe({ head }: UpdateBody): Promise<void> {
  if (head.length > largeBytes) await setImmediate();
}

const largeBytes = 262_144;

function nothing(): never {
  throw new Error('an update has no stream');
}

/** One that waits out an error says nothing for ten minutes, and is not gone (flamenco §4). */
function excuse(desk: Desk, worker: KnownWorker, since: number): void {
  const { clock, limits, settings, life } = desk;
  clock.after(settings.workerTimeoutMs / 2, () => {
    const over = worker.mode !== 'error' || clock.monotonic() - since > limits.errorMs || life.closing.aborted;
    if (over || worker.handle === null) return;
    worker.handle.alive();
    excuse(desk, worker, since);
  });
}

/** Of the job whose task it runs, or ran last; in the background, for conversion takes its time. */
function showImage(desk: Desk, worker: KnownWorker, path: string): void {
  const { engine, log, settings } = desk;
  const [running] = worker.holdings.keys();
  const task = running ?? worker.lastTask;
  if (task === null) return;
  const here = settings.platform ?? 'linux';
  const from = { audience: 'workers', platform: worker.platform ?? 'linux' } as const;
  const local = translate(path, engine.variables.all, from, { audience: 'workers', platform: here });
  engine.images.put(worker.principal, task, { path: local }).then(
    ({ refusal }) => {
      if (refusal !== undefined) log.info({ worker: worker.id, path: local, why: refusal.detail }, 'flamenco:image-skipped');
    },
    (error: unknown) => log.error({ event: 'flamenco.image-failed', err: error }),
  );
}
