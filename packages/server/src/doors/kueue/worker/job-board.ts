import type { SessionNumber, TaskId } from '../../../domain/ids.ts';
import { unreachable } from '../../../domain/unreachable.ts';
import type { Assignment } from '../../../engine/commands.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { Desk } from '../desk.ts';
import type { JobStatus, ToWorker } from '../messages.ts';
import {
  assignmentInfo,
  killStatus,
  offeredStatus,
  offerInfo,
  runningStatus,
  unknownJobInfo,
  withdrawnStatus,
} from '../offer-info.ts';
import { trusted } from '../principals.ts';
import type { Ending } from '../translate-report.ts';
import { stepWorkerJob, type WorkerJob, type WorkerJobEffect, type WorkerJobEvent } from '../worker-job.ts';
import type { RoomKeeper } from './room-keeper.ts';

export interface BoardDeps {
  readonly desk: Desk;
  readonly room: RoomKeeper;
  readonly workerName: string;
  session(): SessionNumber;
  /** False: too long for any worker, not sent. */
  send(message: ToWorker): boolean;
  /** A sign of life of a running job. */
  taskAlive(task: TaskId): void;
  /** The engine has been told what the worker answered to this offer. */
  answered(task: TaskId): void;
  /** Nothing is left of any job. */
  empty(): void;
}

/** The jobs of one worker's connection: steps them (`worker-job.ts`) and does what the steps ask for. */
export class JobBoard {
  readonly #deps: BoardDeps;
  readonly #jobs = new Map<TaskId, WorkerJob>();
  readonly #timers = new Map<TaskId, Timer>();
  readonly #ends = new Set<Promise<unknown>>();

  constructor(deps: BoardDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** The attempt that this connection holds. */
  attemptOf(id: TaskId): number | null {
    const job = this.#jobs.get(id);
    return job?.at === 'running' || job?.at === 'ended' ? job.assignment.task.attempt : null;
  }

  apply(id: TaskId, event: WorkerJobEvent): void {
    const before = this.#jobs.get(id) ?? null;
    const { job, effects } = stepWorkerJob(before, event);
    if (job === null) this.#jobs.delete(id);
    else this.#jobs.set(id, job);
    for (const effect of effects) this.#do(id, effect);
    if (before !== null && this.#jobs.size === 0) this.#deps.empty();
  }

  /** Its outputs have begun to come: whatever their size, they are waited for. */
  resultsBegan(id: TaskId): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  /** The connection is gone: what had ended is reported without its outputs. Settles when that is stored. */
  async close(): Promise<void> {
    for (const id of [...this.#jobs.keys()]) this.apply(id, { event: 'no-results' });
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await Promise.allSettled([...this.#ends]);
  }

  #do(id: TaskId, effect: WorkerJobEffect): void {
    const { desk, room, workerName: name, send } = this.#deps;
    const now = desk.clock.now();
    switch (effect.effect) {
      case 'offer':
        this.#offer(effect.assignment, now);
        return;
      case 'confirm':
        this.#say('ConfirmJobOffer', effect.assignment, runningStatus(effect.assignment.task, name, now));
        this.#pulse(id);
        return;
      case 'withdraw':
        this.#say('WithdrawJobOffer', effect.assignment, withdrawnStatus(effect.assignment.task.createdAt, now));
        return;
      case 'withdraw-unknown':
        send({ name: 'WithdrawJobOffer', body: unknownJobInfo(id, now) });
        return;
      case 'kill':
        this.#say('KillJob', effect.assignment, killStatus(effect.task, name, now));
        return;
      case 'accept':
        room.took(effect.assignment.amounts);
        void this.#accept(id);
        // The next offer goes into the same transaction, where there is room for one.
        if (room.hasSlots) this.#deps.answered(id);
        return;
      case 'decline':
        if (effect.how === 'defer') room.deferred();
        this.#keep(desk.engine.command(trusted, 'decline', { task: id, session: this.#deps.session(), how: effect.how }));
        this.#deps.answered(id);
        return;
      case 'end':
        room.ended(effect.assignment.amounts);
        this.#end(effect.assignment, effect.ending);
        return;
      case 'await-results':
        this.#timers.set(
          id,
          desk.clock.after(desk.limits.resultsMs, () => this.#outOfTime(id)),
        );
        return;
      case 'room-undo':
        room.undo(effect.assignment.amounts);
        return;
      case 'room-back':
        room.gaveBack(effect.assignment.amounts);
        return;
      default:
        unreachable(effect);
    }
  }

  /**
   * Kueue tells nothing of a running job: that its worker is there is the only sign of life, so a limit on silence never
   * strikes while it is.
   */
  #pulse(id: TaskId): void {
    const job = this.#jobs.get(id);
    const silenceMs = job?.assignment.task.silenceMs ?? 0;
    if (silenceMs <= 0 || job?.at !== 'running') return;
    this.#deps.taskAlive(id);
    this.#timers.set(
      id,
      this.#deps.desk.clock.after(silenceMs / 2, () => this.#pulse(id)),
    );
  }

  #outOfTime(id: TaskId): void {
    this.#timers.delete(id);
    this.apply(id, { event: 'no-results' });
  }

  #say(what: 'ConfirmJobOffer' | 'WithdrawJobOffer' | 'KillJob', assignment: Assignment, status: JobStatus): void {
    const { desk, send } = this.#deps;
    send({ name: what, body: assignmentInfo(assignment, status, desk.limits.listedCommandLength) });
  }

  #offer(assignment: Assignment, now: number): void {
    const { desk, workerName, send } = this.#deps;
    const { id } = assignment.task;
    const info = offerInfo(assignment, offeredStatus(assignment, workerName, now), desk.limits.commandLength);
    if (info !== null && send({ name: 'OfferJob', body: info })) return;
    // For a worker of ours, if there is one.
    this.#jobs.delete(id);
    desk.log.info({ task: id }, 'kueue:command-too-long');
    this.#keep(desk.engine.command(trusted, 'decline', { task: id, session: this.#deps.session(), how: 'reject' }));
  }

  /** Any refusal leaves the worker with a reservation that only a withdrawal ends (kueue §4.2). */
  async #accept(id: TaskId): Promise<void> {
    const { desk } = this.#deps;
    const accepted = await desk.engine.command(trusted, 'accept', { task: id, session: this.#deps.session() });
    if (accepted.refusal !== undefined) this.apply(id, { event: 'void' });
    else this.apply(id, { event: 'accepted', assignment: accepted.value.assignment });
  }

  #end({ task }: Assignment, ending: Ending): void {
    const { desk } = this.#deps;
    this.resultsBegan(task.id);
    const report = { task: task.id, session: this.#deps.session(), attempt: task.attempt, ...ending };
    this.#keep(
      desk.engine.command(trusted, 'end', report).then((done) => {
        if (done.refusal !== undefined) desk.log.debug({ task: task.id, code: done.refusal.code }, 'kueue:end-refused');
      }),
    );
  }

  #keep(work: Promise<unknown>): void {
    this.#ends.add(work);
    void work.finally(() => this.#ends.delete(work));
  }
}
