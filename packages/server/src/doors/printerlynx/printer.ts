import type { PrintPayload } from '@switchyard/sdk/print.ts';
import { isEmergencyStop, refusedCommand } from '@switchyard/sdk/printer-commands.ts';
import type { Result } from '../../domain/errors.ts';
import type { AttemptNumber, SessionNumber, TaskId, WorkerId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import { isEnded, type Task } from '../../domain/task.ts';
import type { WorkerMode } from '../../domain/worker.ts';
import type { Assignment, Tell } from '../../engine/commands.ts';
import type { SessionHandle } from '../../engine/engine.ts';
import { type ActivePrint, fateOf } from './active-print.ts';
import type { Desk } from './desk.ts';
import { isHot } from './live-report.ts';
import type { Report } from './report.ts';
import type { Frame } from './wire.ts';

/** What is known of a printer also while its agent is away. */
export interface PrinterFacts {
  readonly uuid: string;
  readonly worker: WorkerId;
  readonly agent: string;
  readonly owner: string;
  readonly identifier: string;
  readonly adapterIdentifier: string;
  readonly adapterInterface: string;
}

/** The agent's side of the door, as a printer needs it. */
export interface Bearer {
  /** False: it is not connected. */
  send(frame: Frame): boolean;
  /** With a number of ours; the answer comes by `answered`, within `ms` or not at all. False: it is not connected, or owes too many. */
  ask(frame: Frame, ms: number, answered: (error: string | null) => void): boolean;
}

export interface PrinterEvents {
  /** Something that people see has changed. */
  readonly changed: (printer: Printer) => void;
  readonly forgotten: (printer: Printer) => void;
}

/** An answer that never comes frees its place after this. */
const answerMs = 120_000;
/** START is answered when the file has been fetched and verified. */
const startMs = 3_600_000;

type EndReport = { readonly result: 'completed' | 'cancelled' | 'failed'; readonly message: string | null };

/** What prints take while they heat up, where there is a pool of this name. */
const heatingPool = 'heating';
/** A print that has come so far heats no more, whatever its agent says of targets. */
const surelyHot = 0.05;

/** One printer: a worker of the yard, carried by an agent (printerlynx §4, §5). */
export class Printer {
  readonly #desk: Desk;
  readonly #events: PrinterEvents;
  readonly #by: Principal;
  facts: PrinterFacts;
  report: Report | null = null;
  job: ActivePrint | null = null;
  #bearer: Bearer | null = null;
  #session: { readonly number: SessionNumber; readonly handle: SessionHandle } | null = null;
  #unfollow: (() => void) | null = null;
  /** What people want of it; what it says of itself comes on top. */
  #wanted: 'awake' | 'asleep' = 'awake';
  #mode: WorkerMode | null = null;
  /** What happens to it happens one after the other. */
  #turn: Promise<void> = Promise.resolve();

  /** `by`: who runs its tasks. */
  constructor(desk: Desk, by: Principal, facts: PrinterFacts, events: PrinterEvents) {
    this.#desk = desk;
    this.#by = by;
    this.facts = facts;
    this.#events = events;
  }

  get online(): boolean {
    return this.#session !== null;
  }

  /** As people see it (printerlynx §4). */
  get status(): 'available' | 'unavailable' | 'busy' {
    const { report } = this;
    if (this.#session === null || report === null || report.status === 'unavailable') return 'unavailable';
    return this.job === null ? report.status : 'busy';
  }

  /** Settles when everything asked so far has been done. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** What the store says that it holds: after a start of the server, and when its agent comes back. */
  async restore(held: readonly Task[]): Promise<void> {
    const alive = held.find((task) => !isEnded(task.state));
    if (alive === undefined) return this.#clear();
    if (this.job?.task === alive.id && this.job.attempt === alive.attempt) return;
    const bodies = await this.#desk.engine.query.bodies([alive]);
    const { payload } = JSON.parse(bodies.get(alive.body) ?? '{}') as { payload: PrintPayload };
    const job = this.#take(alive.id, alive.attempt, payload);
    job.had = true;
    job.paused = alive.state.state === 'suspended';
  }

  /** The first report of a connection: it signs on; the report says what it still holds (printerlynx §5.1). */
  begin(bearer: Bearer, report: Report, ended: ReadonlyMap<string, EndReport>): Promise<void> {
    return this.#then(async () => {
      const { engine, clock } = this.#desk;
      const { worker } = this.facts;
      this.#bearer = bearer;
      this.report = report;
      const { identifier, adapterIdentifier, adapterInterface } = report;
      this.facts = { ...this.facts, identifier, adapterIdentifier, adapterInterface };
      const info = infoOf(this.facts);
      // Maintenance outlasts connections and servers; a wish that came while nobody was here is fulfilled by this.
      const before = (await engine.query.worker(this.#desk.by, worker)).value;
      this.#wanted = (before?.wanted?.mode ?? before?.mode) === 'asleep' ? 'asleep' : 'awake';
      // From its first moment: one that does not answer must not be given a print in between.
      const mode = this.#modeOf(report);
      this.#mode = mode;
      const signed = await engine.command(this.#by, 'signOn', {
        ...{ worker, name: identifier, kinds: null, tags: null, total: null, info, keepTasks: true, mode },
      });
      if (signed.refusal !== undefined) throw new Error(`a printer could not sign on: ${signed.refusal.detail}`);
      const { session, held } = signed.value;
      await this.restore(held);
      const { job } = this;
      if (job !== null) job.had = true;
      const fate = job === null ? 'here' : fateOf(job, report, clock.monotonic(), true);
      const end = job === null ? undefined : (ended.get(job.uuid) ?? (fate === 'lost' ? lostByAgent : undefined));
      if (job !== null && end !== undefined) job.over = true;
      const handle = engine.sessions.attach(this.#by, worker, session, {
        tell: (what) => this.#told(what),
        push: { run: (assignments) => this.#given(assignments), offers: 0, offerMs: null },
      });
      this.#session = { number: session, handle };
      const holds = job === null ? [] : [{ task: job.task, attempt: job.attempt }];
      await engine.command(this.#by, 'reconcile', { worker, session, holds });
      if (end !== undefined) await this.#end(end);
      await this.#cancelStray(report);
      this.#look(report);
      await this.#settleMode();
      handle.wake();
      this.#events.changed(this);
    });
  }

  /** A later report. */
  hear(report: Report): void {
    this.report = report;
    this.#session?.handle.alive();
    const { job } = this;
    if (job !== null && !job.over && fateOf(job, report, this.#desk.clock.monotonic(), false) === 'lost') {
      void this.finished(job.uuid, lostByAgent);
    }
    this.#look(report);
    void this.#settleMode();
    this.#events.changed(this);
  }

  /** A newer connection of its agent carries it now; what it holds is looked at with its first report there. */
  handOver(from: Bearer, to: Bearer): void {
    void this.#then(async () => {
      if (this.#bearer === from) this.#bearer = to;
    });
  }

  /** `FINISHED` (printerlynx §3.4). */
  finished(job: string, end: EndReport): Promise<void> {
    return this.#then(async () => {
      if (this.job?.uuid !== job) return;
      await this.#end(end);
      this.#events.changed(this);
    });
  }

  /** Its agent is gone; what it prints, it prints on. `bearer`: only if it is still carried by this one. */
  lose(bearer: Bearer | null = null): Promise<void> {
    return this.#then(async () => {
      if (bearer !== null && this.#bearer !== bearer) return;
      const session = this.#session;
      this.#session = null;
      this.#bearer = null;
      this.#events.changed(this);
      await session?.handle.lost();
    });
  }

  /** Past every queue (printerlynx §5.4): first it goes out, then it is written down. */
  emergency(): boolean {
    // Nothing of what was asked for but this one word.
    const frame = { type: 'printer_command', data: { printer_uuid: this.facts.uuid, command: 'M112' } };
    if (this.#bearer?.send(frame) !== true) return false;
    const { job } = this;
    if (job !== null && !job.stopped) {
      job.over = true;
      job.stopped = true;
      void this.#desk.stop(job.task, 'failed');
    }
    return true;
  }

  /** A line for the firmware. False: nobody is there to take it. */
  command(command: string, role?: 'admin'): boolean {
    const data = { printer_uuid: this.facts.uuid, command, ...(role === undefined ? {} : { role }) };
    return this.#bearer?.ask({ type: 'printer_command', data }, answerMs, () => {}) ?? false;
  }

  close(): void {
    this.#unfollow?.();
  }

  #then(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch((error: unknown) => this.#desk.log.error({ event: 'printerlynx.printer', err: error }));
    return done;
  }

  /** The yard has given it a print. */
  #given(assignments: readonly Assignment[]): void {
    for (const { task, body } of assignments) {
      const { payload } = JSON.parse(body) as { payload: PrintPayload };
      this.#take(task.id, task.attempt, payload);
      this.#start();
      this.#events.changed(this);
    }
  }

  #start(): void {
    const { job } = this;
    if (job === null) return;
    const { blob, name, size, file } = job.payload;
    // A print of no kept file has a file all the same, under its own id.
    const source = file ?? job.uuid;
    const data = {
      ...this.#jobData('START', job),
      ...{ print_file_uuid: source, name, size, checksum: blob, download_path: `/api/v1/files/${source}/download` },
    };
    const answered = (error: string | null): void => {
      job.had = true;
      if (error !== null) void this.finished(job.uuid, { result: 'failed', message: error });
    };
    // Without a connection it is looked at when the agent comes back: it does not have the job then, and the print fails.
    if (this.#bearer?.ask({ type: 'print_job', data }, startMs, answered) === false) answered('The agent does not answer');
  }

  #told(what: Tell): void {
    if (what.tell === 'kill') this.steer('CANCEL');
    else if (what.tell === 'suspend') this.steer('PAUSE');
    else if (what.tell === 'resume') this.steer('RESUME');
    else if (what.tell === 'message') this.#message(what.message);
    else if (what.tell === 'wish') void this.#wish(what.mode);
    else if (what.tell === 'close') this.#events.forgotten(this);
  }

  /** One of the words of a running print, to its agent. PAUSE of a paused print does nothing there, and so on. */
  steer(word: 'PAUSE' | 'RESUME' | 'CANCEL'): void {
    const { job } = this;
    if (job === null || job.over) return;
    const { file } = job.payload;
    const data = { ...this.#jobData(word, job), print_file_uuid: file ?? job.uuid };
    this.#bearer?.ask({ type: 'print_job', data }, answerMs, () => {});
    if (word !== 'CANCEL') job.paused = word === 'PAUSE';
    if (word === 'RESUME') return;
    if (word === 'CANCEL') job.state = 'cancelling';
    else if (job.state !== 'paused') job.state = 'pausing';
    this.#events.changed(this);
  }

  #jobData(type: string, job: ActivePrint): Readonly<Record<string, unknown>> {
    return { type, job_uuid: job.uuid, printer_uuid: this.facts.uuid };
  }

  /** `tell`: a line for the firmware, from our own command line or page. */
  #message(message: unknown): void {
    const { command, role } = message as { command?: unknown; role?: unknown };
    if (typeof command !== 'string') return;
    const line = command.trim();
    const who = role === 'admin' ? 'admin' : undefined;
    if (isEmergencyStop(line)) this.emergency();
    else if (refusedCommand(line, who ?? 'user') === null) this.command(line, who);
    else this.#desk.log.info({ event: 'printerlynx.command', detail: 'a command was not passed on: it is not allowed' });
  }

  /** Printers are what somebody says they are: in maintenance, or ready again. */
  async #wish(mode: Extract<Tell, { tell: 'wish' }>['mode']): Promise<void> {
    if (mode === 'shutdown') return;
    this.#wanted = mode === 'awake' ? 'awake' : 'asleep';
    this.#mode = null;
    await this.#settleMode();
  }

  /** A printer that does not answer takes no prints, whatever is wanted of it. */
  async #settleMode(): Promise<void> {
    const session = this.#session;
    if (session === null || this.report === null) return;
    const mode = this.#modeOf(this.report);
    if (mode === this.#mode) return;
    this.#mode = mode;
    const { worker } = this.facts;
    const input = { worker, session: session.number, reported: null, total: null, info: null, mode, seenAt: null };
    this.#note(await this.#desk.engine.command(this.#by, 'refresh', input));
  }

  /** It takes nothing while it does something else. */
  #modeOf({ status }: Report): WorkerMode {
    if (this.#wanted === 'asleep') return 'asleep';
    if (status === 'unavailable') return 'error';
    return status === 'busy' && this.job === null && this.#wanted === 'awake' ? 'draining' : this.#wanted;
  }

  #take(task: TaskId, attempt: AttemptNumber, payload: PrintPayload): ActivePrint {
    this.#clear();
    const job: ActivePrint = {
      ...{ task, attempt, uuid: this.#desk.jobIds.of(task, attempt), payload, progress: 0, state: 'starting' },
      ...{ paused: false, over: false, hot: false, stopped: false, had: false, missedSince: null, deferred: false },
    };
    this.job = job;
    // It may end without us: forced, or given up when nobody came back.
    this.#unfollow = this.#desk.engine.feed.subscribe({ task, kinds: ['task.changed'] }, (changes) => {
      const ended = changes.some(({ json }) => isOver((JSON.parse(json) as { state?: string }).state));
      if (!ended || this.job?.task !== task) return;
      this.#clear();
      this.#events.changed(this);
    });
    return job;
  }

  /** It prints what was cancelled while nobody could be told. What only counts as lost here, it prints on. */
  async #cancelStray({ job }: Report): Promise<void> {
    if (job === null || job.uuid === null || job.uuid === this.job?.uuid) return;
    const ours = this.#desk.jobIds.read(job.uuid);
    const task = ours === null ? null : (await this.#desk.engine.query.task(this.#desk.by, ours.task)).value?.task;
    if (task?.state.state !== 'canceled' || task.attempt !== ours?.attempt) return;
    const data = { type: 'CANCEL', job_uuid: job.uuid, printer_uuid: this.facts.uuid, print_file_uuid: job.file ?? job.uuid };
    this.#bearer?.ask({ type: 'print_job', data }, answerMs, () => {});
  }

  #clear(): void {
    this.#unfollow?.();
    this.#unfollow = null;
    this.job = null;
  }

  /** What a report says of the present job. */
  #look(report: Report): void {
    const { job } = this;
    if (job === null || report.job?.uuid !== job.uuid || job.over) return;
    const { progress, state } = report.job;
    job.progress = Math.max(job.progress, progress);
    job.state = state ?? job.state;
    const { size } = job.payload;
    const { engine } = this.#desk;
    engine.progress(job.task, job.attempt, {
      done: Math.round(job.progress * size),
      total: size,
      unit: 'bytes',
      phase: job.state,
    });
    this.#session?.handle.taskAlive(job.task);
    if (!job.hot && job.state === 'printing' && (isHot(report) || progress >= surelyHot)) this.#heated(job);
  }

  /** Staggered heating: the next printer may begin (issue 8, the fleet queue). */
  #heated(job: ActivePrint): void {
    const session = this.#session;
    if (session === null) return;
    job.hot = true;
    const { task, attempt } = job;
    void this.#desk.engine
      .command(this.#by, 'releasePool', { task, attempt, session: session.number, pool: heatingPool })
      .then((released) => this.#note(released));
  }

  async #end({ result, message }: EndReport): Promise<void> {
    const { job } = this;
    const session = this.#session;
    if (job === null || session === null) return;
    job.over = true;
    const { engine } = this.#desk;
    // Somebody at the printer ended it: that is a cancellation, whoever asks first.
    if (result === 'cancelled') await this.#desk.stop(job.task, 'canceled');
    const ended = await engine.command(this.#by, 'end', {
      ...{ task: job.task, session: session.number, attempt: job.attempt },
      outcome: result === 'completed' ? 'succeeded' : 'failed',
      reason: result === 'completed' ? null : result === 'cancelled' ? 'user' : 'error',
      ...{ exitCode: null, signal: null, artifacts: [] },
      error: result === 'completed' ? null : (message ?? (job.stopped ? emergencyStop : null)),
      result: JSON.stringify({ result, ...(message === null ? {} : { message }) }),
    });
    this.#note(ended);
    if (this.job === job) this.#clear();
  }

  #note({ refusal }: Result<unknown>): void {
    if (refusal !== undefined) this.#desk.log.info({ event: 'printerlynx.refused', code: refusal.code, detail: refusal.detail });
  }
}

const lostByAgent: EndReport = { result: 'failed', message: 'Agent lost the job' };
const emergencyStop = 'Emergency stop';

const isOver = (state: string | undefined): boolean => state === 'succeeded' || state === 'failed' || state === 'canceled';

/** What of a printer is kept with its worker. */
export const infoOf = ({ uuid, agent, adapterIdentifier, adapterInterface }: PrinterFacts) => ({
  printer: uuid,
  agent,
  adapter_identifier: adapterIdentifier,
  adapter_interface: adapterInterface,
});
