import type { SessionNumber, TaskId, WorkerId } from '../../../domain/ids.ts';
import { nothing } from '../../../domain/needs.ts';
import { unreachable } from '../../../domain/unreachable.ts';
import type { WorkerProfile } from '../../../domain/worker.ts';
import type { Tell } from '../../../engine/commands.ts';
import type { SessionHandle } from '../../../engine/engine.ts';
import { InboundGate, type Pausable } from '../../kit/inbound-gate.ts';
import { plainText } from '../../kit/plain-text.ts';
import type { Desk } from '../desk.ts';
import type { LongValue } from '../frames.ts';
import type { Resources, SystemInfo, ToWorker } from '../messages.ts';
import { trusted } from '../principals.ts';
import { cleanSystemInfo } from '../translate-worker.ts';
import type { WorkerJobEvent } from '../worker-job.ts';
import { JobBoard } from './job-board.ts';
import { JobOutputs } from './job-outputs.ts';
import { RoomKeeper, type RoomReport } from './room-keeper.ts';

/** The wire below a worker's life. */
export interface WorkerWire extends Pausable {
  /** False: too long for any peer, not sent. */
  send(message: ToWorker): boolean;
  /** It has said what room it has: from now on it gets offers, and its lease runs. */
  working(): void;
  /** Hangs up. */
  close(why: string): void;
}

/** More jobs than any machine has at once: whoever has so many does not answer its offers. */
const mostJobs = 4_096;

/** One worker: its row, its session, its jobs. One row per connection, whatever its name (kueue §7.8). */
export class WorkerLink {
  readonly #desk: Desk;
  readonly #wire: WorkerWire;
  readonly #name: string;
  readonly #info: { readonly protocol: string; readonly address: string };
  readonly #board: JobBoard;
  readonly #outputs: JobOutputs;
  readonly #room: RoomKeeper;
  #worker: WorkerId | null = null;
  #session: SessionNumber = 0;
  #handle: SessionHandle | null = null;
  #system: SystemInfo | null = null;
  #lastSeen: number;
  #leaving = false;
  #over = false;

  constructor(desk: Desk, wire: WorkerWire, name: string, address: string) {
    this.#desk = desk;
    this.#wire = wire;
    this.#name = plainText(name, desk.limits.nameLength) || 'unnamed';
    this.#info = { protocol: 'kueue', address };
    this.#lastSeen = desk.clock.now();
    this.#room = new RoomKeeper(desk, this.#info, (report) => void this.#report(report));
    this.#board = new JobBoard({
      desk,
      room: this.#room,
      workerName: this.#name,
      session: () => this.#session,
      send: (message) => wire.send(message),
      taskAlive: (task) => this.#handle?.taskAlive(task),
      answered: (task) => this.#handle?.answered(task),
      empty: () => this.#leaveIfAsked(),
    });
    const gate = new InboundGate(wire, desk.limits.logBytesInFlight);
    this.#outputs = new JobOutputs(desk, gate, (task) => this.#board.attemptOf(task));
  }

  /** Makes it known to the engine; then it is told that it was accepted. False: it could not be, or it is gone meanwhile. */
  async admit(): Promise<boolean> {
    const { engine, live, log } = this.#desk;
    const registered = await engine.command(trusted, 'register', {
      key: null,
      name: this.#name,
      kinds: ['shell'],
      tags: [],
      total: nothing,
      profile: this.#profile(),
      info: this.#info,
      approved: true,
    });
    if (registered.refusal !== undefined) return false;
    const { worker } = registered.value;
    const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
    const signedOn = await engine.command(trusted, 'signOn', { worker, ...unchanged, keepTasks: false });
    if (signedOn.refusal !== undefined) return false;
    this.#worker = worker;
    this.#session = signedOn.value.session;
    if (this.#over) {
      await this.#leave(false);
      return false;
    }
    live.set(worker, () => ({ system: this.#system, free: this.#room.said, lastSeen: this.#lastSeen }));
    this.#wire.send({ name: 'AuthAccepted', body: true });
    log.info({ worker, name: this.#name, address: this.#info.address }, 'kueue:worker-joined');
    return true;
  }

  /** Any byte of it is a sign of life (kueue §6.8). */
  alive(): void {
    this.#lastSeen = this.#desk.clock.now();
    this.#handle?.alive();
  }

  hearSystem(sent: SystemInfo): void {
    this.#system = cleanSystemInfo(sent);
    this.#room.hearSystem(this.#system);
  }

  hearRoom(sent: Resources): void {
    this.#room.hear(sent);
  }

  hearJob(id: number, event: WorkerJobEvent): void {
    this.#board.apply(id, event);
    if (this.#board.size > mostJobs) this.#wire.close('it does not answer offers');
  }

  hearResults(id: number, texts: { readonly out: string | null; readonly err: string | null }): void {
    this.#board.resultsBegan(id);
    if (texts.out) this.#outputs.add(id, 'out', Buffer.from(texts.out, 'utf8'));
    if (texts.err) this.#outputs.add(id, 'err', Buffer.from(texts.err, 'utf8'));
    void this.#resultsIn(id);
  }

  /** Results too long to be collected (kueue §7.2). */
  longResults(malformed: () => void): LongValue {
    return this.#outputs.reader({
      began: (id) => this.#board.resultsBegan(id),
      ended: (id) => void this.#resultsIn(id),
      malformed,
    });
  }

  /** The connection is over. `bye`: the worker said so; its processes run on as orphans all the same (kueue §4.6). */
  async gone(bye: boolean): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#room.close();
    await this.#board.close();
    await this.#leave(bye);
  }

  #profile(): WorkerProfile {
    return {
      graceMs: 0,
      connection: true,
      leaseMs: this.#desk.workerTimeoutMs,
      ephemeral: true,
      room: 'reported',
      suspends: false,
    };
  }

  async #leave(bye: boolean): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    const { engine, live, log } = this.#desk;
    live.delete(worker);
    if (this.#handle === null) await engine.command(trusted, 'connectionLost', { worker, session: this.#session });
    else if (bye) await this.#handle.bye({ giveBack: false });
    else await this.#handle.lost();
    log.info({ worker, name: this.#name, bye }, 'kueue:worker-left');
  }

  /** Who waits for the job must find its outputs in the log: they are committed before its end, or with it. */
  async #resultsIn(id: TaskId): Promise<void> {
    await this.#outputs.handedIn(id);
    this.#board.apply(id, { event: 'results' });
  }

  #tell(what: Tell): void {
    switch (what.tell) {
      case 'kill':
      case 'withdraw':
        this.#board.apply(what.task.id, { event: what.tell, task: what.task });
        return;
      case 'close':
        this.#wire.close(what.why);
        return;
      case 'wish':
        this.#wished(what);
        return;
      case 'suspend':
      case 'resume':
      case 'message':
        // Kueue has no word for it, and the worker's profile says so.
        return;
      default:
        unreachable(what);
    }
  }

  #wished({ mode, lazy }: Tell & { tell: 'wish' }): void {
    if (mode !== 'shutdown') {
      this.#room.mode(mode);
      return;
    }
    this.#leaving = true;
    if (lazy) this.#leaveIfAsked();
    else this.#wire.close('asked to shut down');
  }

  #leaveIfAsked(): void {
    if (this.#leaving && this.#board.size === 0) this.#wire.close('asked to shut down');
  }

  async #report(report: RoomReport): Promise<void> {
    const worker = this.#worker;
    if (worker === null || this.#over) return;
    const { engine, clock } = this.#desk;
    const input = { worker, session: this.#session, seenAt: clock.now(), ...report };
    const done = await engine.command(trusted, 'refresh', input);
    if (done.refusal !== undefined || report.reported === null) return;
    if (this.#handle === null && !this.#over) this.#attach(worker);
  }

  /** Offers only from its first report on: before it nothing is known of its room (kueue §4.1). */
  #attach(worker: WorkerId): void {
    const { engine, offerMs } = this.#desk;
    this.#handle = engine.sessions.attach(trusted, worker, this.#session, {
      tell: (what) => this.#tell(what),
      push: {
        // One unanswered offer per worker (kueue §6.3).
        offers: 1,
        offerMs,
        offer: (assignments) => {
          for (const assignment of assignments) this.#board.apply(assignment.task.id, { event: 'offer', assignment });
        },
      },
    });
    this.#wire.working();
    this.#handle.wake();
  }
}
