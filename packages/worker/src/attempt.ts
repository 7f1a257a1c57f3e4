import type { BodyInput } from '@switchyard/sdk/task-spec.ts';
import { encodeLiveFrame, type FromWorker, liveFrame, type WireTask } from '@switchyard/sdk/worker-wire.ts';
import { collectArtifacts, type Uploaded, uploadFiles, type WantedFile } from './artifacts.ts';
import { AttemptLogs, type Lengths } from './attempt-logs.ts';
import { environmentOf } from './environment.ts';
import type { Inputs } from './inputs.ts';
import type { Journal } from './journal.ts';
import { limits, type Rhythm } from './limits.ts';
import { type LiveValue, LiveValues } from './live-values.ts';
import { failed, giveBack, type Outcome, type StopWhy } from './outcome.ts';
import { isShortage, type OwnedProcess, type ProcessEnd, startProcess } from './owned-process.ts';
import { startMark } from './proc.ts';
import { ProgressScanner, type Report } from './progress.ts';
import { Reports } from './reports.ts';
import type { Taken } from './room.ts';
import type { RunFolders } from './run-folders.ts';
import type { RunContext, Runner, SpawnCommand, SpawnEnd } from './runners/runner.ts';
import type { ServerFiles } from './server-files.ts';
import type { System } from './system.ts';
import { TimeLimits } from './time-limits.ts';

/** What all attempts of a worker share. */
export interface AttemptDeps {
  readonly system: System;
  readonly rhythm: Rhythm;
  readonly folders: RunFolders;
  readonly spoolFolder: string;
  readonly journal: Journal;
  readonly inputs: Inputs;
  readonly files: ServerFiles;
  readonly instance: string;
  /** The worker's name. */
  readonly name: string;
  /** The worker's own environment: a few variables of it are passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True where graphics processors are counted: then a task sees only those given to it. */
  readonly countsGpus: boolean;
  readonly link: {
    readonly live: boolean;
    readonly backlog: number;
    send(message: FromWorker): boolean;
    sendFrame(frame: Uint8Array): void;
  };
}

export interface AttemptEvents {
  /** Once: nothing of it runs any more. */
  readonly ended: (attempt: Attempt, outcome: Outcome) => void;
  /** All its output so far has been sent in this connection. */
  readonly logsSent: (attempt: Attempt) => void;
}

/** One attempt with processes, from its inputs to its outputs. Lives on, as its logs, until the server has acknowledged its end. */
export class Attempt {
  readonly task: WireTask;
  readonly taken: Taken;
  readonly #deps: AttemptDeps;
  readonly #events: AttemptEvents;
  readonly #logs: AttemptLogs;
  readonly #reports: Reports;
  readonly #live: LiveValues;
  readonly #stop = new AbortController();
  #why: StopWhy | null = null;
  #process: OwnedProcess | null = null;
  #limits: TimeLimits | null = null;
  #suspended = false;
  /** The last one, until the server has surely heard of it: said again in every connection. */
  #checkpoint: unknown;
  #folder: string | null = null;
  #ended = false;

  constructor(task: WireTask, taken: Taken, deps: AttemptDeps, events: AttemptEvents) {
    this.task = task;
    this.taken = taken;
    this.#deps = deps;
    this.#events = events;
    this.#reports = new Reports(deps.system, (report) => this.#report(report));
    this.#live = new LiveValues(deps.system, (name, value) => this.#sendLive(name, value));
    this.#logs = new AttemptLogs({
      task: task.task,
      attempt: task.attempt,
      system: deps.system,
      spoolFolder: deps.spoolFolder,
      spoolBytes: deps.rhythm.spoolBytes,
      online: deps.link.live,
      send: (frame) => deps.link.sendFrame(frame),
      allSent: () => events.logsSent(this),
    });
  }

  get logsSent(): boolean {
    return this.#logs.sent;
  }

  get lengths(): Lengths {
    return this.#logs.lengths;
  }

  /** Why it was told to end, if it was. */
  get why(): StopWhy | null {
    return this.#why;
  }

  start(runner: Runner & { how: 'process' }): void {
    if (!this.#deps.journal.begin(this.task.task, this.task.attempt, this.#marker())) {
      this.#finish(giveBack('defer', 'the work folder of this worker cannot be written'));
      return;
    }
    runner.run(this.#context()).then(
      (outcome) => this.#finish(outcome),
      (error: unknown) => this.#finish(asFault(error)),
    );
  }

  /** The first reason stays, except that `lost` and `give-back` say what is to be reported. */
  stop(why: StopWhy): void {
    if (this.#ended) return;
    if (this.#why === null || why === 'lost') this.#why = why;
    this.#limits?.close();
    if (why === 'lost') this.#logs.close();
    else if (why === 'give-back') this.#logs.leave();
    this.#process?.stop(this.#deps.rhythm.graceMs);
    this.#stop.abort();
  }

  suspend(): void {
    if (this.#suspended || this.#why !== null) return;
    this.#suspended = true;
    this.#limits?.suspend();
    this.#process?.suspend();
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#process?.resume();
    this.#limits?.resume();
  }

  /** A new connection on which the server keeps this attempt. */
  online(committed: Lengths): void {
    this.#logs.online(committed);
    if (this.#ended) return;
    if (this.#checkpoint !== undefined) this.#reports.offer({ checkpoint: this.#checkpoint });
    this.#reports.flush();
  }

  offline(): void {
    this.#logs.offline();
    // Who watches is said anew in the next connection.
    this.#live.watch([]);
  }

  /** Somebody looks at these live values. */
  watch(names: readonly string[]): void {
    if (!this.#ended) this.#live.watch(names);
  }

  committed(stream: 'out' | 'err' | 'log', length: number): void {
    this.#logs.committed(stream, length);
  }

  /** The server knows all: what is kept of it goes. */
  close(): void {
    this.#logs.close();
    this.#reports.close();
  }

  #marker(): string {
    return `${this.#deps.instance}:${this.task.task}:${this.task.attempt};`;
  }

  #context(): RunContext {
    return {
      task: this.task,
      worker: this.#deps.name,
      system: this.#deps.system,
      lateFileMs: this.#deps.rhythm.lateFileMs,
      environment: this.#deps.environment,
      stop: this.#stop.signal,
      stopped: () => this.#why,
      freshFolder: () => this.#freshFolder(),
      placeInputs: (cwd, others) => this.#placeInputs(cwd, others),
      spawn: (command) => this.#spawn(command),
      upload: (files) => this.#upload(files),
      keepOutputs: (cwd, outcome) => this.#keepOutputs(cwd, outcome),
      report: (report) => this.#offer(report),
      sendImage: (file, stop) => this.#deps.files.showImage(this.task.task, file, stop),
      note: (text) => this.#logs.log.write(Buffer.from(text)),
      live: (name, make) => this.#live.offer(name, make),
    };
  }

  #freshFolder(): string {
    this.#folder ??= this.#deps.folders.take();
    return this.#folder;
  }

  async #placeInputs(cwd: string, others: readonly BodyInput[] = []): Promise<Outcome | null> {
    const inputs = [...(this.task.body.inputs ?? []), ...others];
    if (inputs.length === 0) return null;
    const placed = await this.#deps.inputs.place(inputs, cwd, this.#stop.signal);
    if ('value' in placed) return null;
    if ('refused' in placed) return failed({ reason: 'error', error: placed.refused });
    return giveBack('free', `its inputs could not be fetched: ${placed.unreachable}`);
  }

  async #spawn(command: SpawnCommand): Promise<SpawnEnd> {
    const { system, journal } = this.#deps;
    const { task, attempt } = this.task;
    if (this.#why !== null) return { failed: 'it was stopped before it had started' };
    const marker = this.#marker();
    const ended = Promise.withResolvers<ProcessEnd>();
    const env = this.#environment(command.env, marker);
    const started = await startProcess({ ...command, env, marker }, system, { ended: ended.resolve });
    if (!('process' in started)) return started;
    this.#process = started.process;
    journal.started(task, attempt, started.process.pid, startMark(started.process.pid));
    this.#listen(started.process, command);
    // It was stopped or suspended while it was being started.
    if (this.#why !== null) started.process.stop(this.#deps.rhythm.graceMs);
    else if (this.#suspended) started.process.suspend();
    const endNow = () => started.process.stop(this.#deps.rhythm.graceMs);
    if (command.end?.aborted) endNow();
    command.end?.addEventListener('abort', endNow);
    const end = await ended.promise;
    command.end?.removeEventListener('abort', endNow);
    this.#process = null;
    // They stand still until there is another process.
    this.#limits?.suspend();
    return { end };
  }

  #environment(own: Readonly<Record<string, string>>, marker: string): Record<string, string> {
    const gpus = this.#deps.countsGpus ? this.taken.gpus : null;
    return environmentOf({ worker: this.#deps.environment, task: this.task, own, marker, gpus });
  }

  #listen(process: OwnedProcess, { readOut, seeOut, seeErr }: SpawnCommand): void {
    this.#armLimits();
    if (readOut === undefined) this.#attach('out', process, seeOut);
    else {
      process.stdout?.on('data', (piece: Uint8Array) => {
        this.#limits?.heard();
        readOut(piece);
      });
    }
    this.#attach('err', process, seeErr);
  }

  #armLimits(): void {
    const { timeoutMs, silenceMs } = this.task;
    if (this.#limits !== null) this.#limits.resume();
    else if (timeoutMs > 0 || silenceMs > 0) {
      const deaf = () => this.#logs.paused;
      this.#limits = new TimeLimits({ timeoutMs, silenceMs }, this.#deps.system, deaf, (why) => this.stop(why));
    }
    if (this.#suspended) this.#limits?.suspend();
  }

  /** `see` stands in for the look for progress in what passes. */
  #attach(name: 'out' | 'err', process: OwnedProcess, see?: (piece: Uint8Array) => void): void {
    const scanner = new ProgressScanner();
    this.#logs.attach(name, name === 'out' ? process.stdout : process.stderr, (piece) => {
      this.#limits?.heard();
      if (see !== undefined) {
        see(piece);
        return;
      }
      const report = scanner.scan(piece);
      if (report !== null) this.#reports.offer(report);
    });
  }

  #offer(report: Report): void {
    if (report.checkpoint !== undefined) this.#checkpoint = report.checkpoint;
    this.#reports.offer(report);
  }

  async #upload(files: readonly WantedFile[]): Promise<Uploaded> {
    if (this.#why === 'lost' || this.#why === 'give-back') return { artifacts: [], problem: null, again: false };
    const hurry = new AbortController();
    // What goes back to the queue, or is not ours any more, leaves nothing.
    const patience = () => (this.#why === 'lost' || this.#why === 'give-back' ? 0 : limits.lastFilesMs);
    const hasten = () => this.#deps.system.after(patience(), () => hurry.abort());
    let timer = this.#why === null ? null : hasten();
    const stopped = () => {
      timer ??= hasten();
    };
    this.#stop.signal.addEventListener('abort', stopped);
    try {
      return await uploadFiles(files, this.#deps.files, hurry.signal);
    } finally {
      this.#stop.signal.removeEventListener('abort', stopped);
      timer?.cancel();
    }
  }

  async #keepOutputs(cwd: string, outcome: Outcome): Promise<Outcome> {
    const { outputs } = this.task.body;
    if (outputs === undefined || outputs.length === 0 || outcome.giveBack !== undefined || this.#why !== null) return outcome;
    const { artifacts, problem } = await collectArtifacts(outputs, this.task, cwd, this.#deps.files, this.#stop.signal);
    const kept = { ...outcome, artifacts: [...artifacts] };
    if (problem === null) return kept;
    if (outcome.outcome === 'failed')
      return { ...kept, error: outcome.error === null ? problem : `${outcome.error}; ${problem}` };
    return { ...kept, outcome: 'failed', reason: 'error', error: problem };
  }

  #finish(outcome: Outcome): void {
    this.#ended = true;
    this.#limits?.close();
    this.#live.close();
    this.#logs.flush();
    this.#reports.flush();
    this.#reports.close();
    if (this.#folder !== null) this.#deps.folders.give(this.#folder);
    this.#events.ended(this, asStopped(outcome, this.#why, this.task));
  }

  #sendLive(name: string, { at, bytes }: LiveValue): boolean {
    const { link } = this.#deps;
    if (!link.live || this.#why === 'lost' || link.backlog > limits.socketBacklog) return false;
    // Whoever looks at it sees the progress beside it: not an older one.
    this.#reports.flush();
    const { task, attempt } = this.task;
    if (bytes.length <= liveFrame.maxBytes) link.sendFrame(encodeLiveFrame({ task, attempt, name, at, bytes }));
    return true;
  }

  #report(report: Report): boolean {
    if (this.#why === 'lost') return true;
    const { link } = this.#deps;
    if (!link.live || link.backlog > limits.socketBacklog) return false;
    return link.send({ m: 'report', task: this.task.task, attempt: this.task.attempt, ...report });
  }
}

/** The outcome in the light of why we ended it. */
function asStopped(outcome: Outcome, why: StopWhy | null, task: WireTask): Outcome {
  if (why === null) return outcome;
  if (why === 'give-back' || why === 'lost') return giveBack('free', 'this worker stopped before the task had ended');
  const base =
    outcome.giveBack === undefined ? outcome : failed({ reason: 'signal', error: 'it was stopped before it had started' });
  if (why === 'killed' || base.giveBack !== undefined) return base;
  const text =
    why === 'timeout'
      ? `it ran longer than the ${task.timeoutMs} ms that it was given`
      : `it gave no sign of life for ${task.silenceMs} ms`;
  return { ...base, outcome: 'failed', reason: why, error: text };
}

/** Our own trouble: a machine that lacks something now must not fail one task after the other. */
function asFault(error: unknown): Outcome {
  const text = `the worker failed: ${error instanceof Error ? error.message : String(error)}`;
  return isShortage(error) ? giveBack('defer', text) : failed({ reason: 'error', error: text });
}
