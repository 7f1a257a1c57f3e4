import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ending } from '../marlin/machine.ts';
import { someHeaterOn } from '../marlin/temperatures.ts';
import type { View } from '../marlin/view.ts';
import { download } from '../print/download.ts';
import { factsOf, remainingOf } from '../print/facts.ts';
import { type Feed, FileFeed } from '../print/feed.ts';
import type { System, Timer } from '../system.ts';
import type { StartMessage } from './messages.ts';
import type { JobRecord, Records } from './records.ts';
import type { ReportedJob } from './report.ts';

export interface PrintsOptions {
  /** Its id. */
  readonly printer: string;
  readonly system: System;
  readonly records: Records;
  readonly fetchFrom: { readonly server: string; readonly token: () => string; readonly folder: string };
  /** To a START; `message` null: it prints. */
  readonly answer: (request: string | null, job: string, message: string | null) => void;
  /** `again`: it was said before, and the server may not have heard it. */
  readonly finished: (job: string, ending: Ending, again: boolean) => void;
  /** The whole file is acknowledged: to be told before the end is. */
  readonly told: () => void;
  readonly ready: () => boolean;
  /** False: the printer is not ready for it. */
  readonly print: (feed: Feed) => boolean;
  readonly pause: () => void;
}

/** The print of one printer, if there is one. */
type Work =
  | { readonly is: 'none' }
  | {
      readonly is: 'fetching';
      readonly record: JobRecord;
      readonly stop: AbortController;
      readonly requests: (string | null)[];
      paused: boolean;
    }
  | {
      readonly is: 'printing';
      readonly record: JobRecord;
      readonly since: number;
      readonly estimateS: number | null;
      done: boolean;
    }
  /** An agent before us was printing it. Told when the printer is known to be cold, or when that takes too long. */
  | { readonly is: 'orphaned'; readonly record: JobRecord; readonly timer: Timer };

const unkept = 'The agent cannot write to its folder';
const restarted = 'The agent was restarted in the middle of the print';
const orphanMs = 120_000;
const warnMinutes = 15;
/** A print that ended longer ago is not told again. */
const repeatMs = 24 * 3_600_000;

/** One print at a time: fetched, verified, printed, accounted for, over every kind of loss (printerlynx §5). */
export class Prints {
  readonly #options: PrintsOptions;
  readonly unsafe: string | null;
  #work: Work = { is: 'none' };
  #last: JobRecord | null;

  constructor(options: PrintsOptions) {
    this.#options = options;
    const { records, printer, system, fetchFrom } = options;
    mkdirSync(fetchFrom.folder, { recursive: true, mode: 0o700 });
    this.#last = records.job(printer);
    const left = this.#last?.ended === null ? this.#last : null;
    this.unsafe = left?.begun ? restarted : null;
    if (left === null) return;
    if (left.begun) {
      const timer = system.after(orphanMs, () =>
        this.#close({ result: 'failed', message: `${restarted}; its heaters may still be on` }),
      );
      this.#work = { is: 'orphaned', record: left, timer };
    } else
      this.#keep({
        ...left,
        ended: { result: 'failed', message: 'The agent was restarted before the print began', at: system.now() },
      });
  }

  get active(): boolean {
    return this.#work.is !== 'none';
  }

  start(message: StartMessage, refused: string | null): void {
    const { answer, ready } = this.#options;
    const request = message.request_id ?? null;
    const job = message.job_uuid;
    const known = this.#known(job, message.print_file_uuid);
    if (known !== null) this.#again(known, request);
    else if (this.active) answer(request, job, 'Printer is busy');
    else if (refused !== null) answer(request, job, refused);
    else if (!ready()) answer(request, job, 'Printer is unavailable');
    else void this.#fetch(message, request);
  }

  /** Why a PAUSE, RESUME or CANCEL for this job cannot be, or null. */
  wrongJob(job: string): string | null {
    if (this.#work.is === 'none') return 'No active print job';
    return this.#work.record.job === job ? null : 'Another print job is active';
  }

  /** True: it was being fetched and is not any more. */
  cancelFetch(): boolean {
    if (this.#work.is !== 'fetching') return false;
    this.#abort('cancelled', null);
    return true;
  }

  /** True: it is being fetched, and begins so. */
  pauseFetch(paused: boolean): boolean {
    if (this.#work.is !== 'fetching') return false;
    this.#work.paused = paused;
    return true;
  }

  emergency(): void {
    if (this.#work.is === 'fetching') this.#abort('failed', 'Emergency stop');
  }

  /** Lines are going to the printer, or will in a moment: nothing else may move it. */
  flows(view: View): boolean {
    return this.#work.is === 'fetching' || (view.job !== null && view.job.state !== 'paused');
  }

  /** The printer has ended it. */
  ended(ending: Ending): void {
    if (this.#work.is !== 'printing') return;
    if (ending.result === 'completed') {
      this.#work.done = true;
      this.#options.told();
    }
    this.#close(ending);
  }

  /** Heaters that an agent before us left on are off. */
  safe(): void {
    if (this.#work.is === 'orphaned') this.#close({ result: 'failed', message: restarted });
  }

  /** To a server that may not have heard it. It knows by the job's id what it has heard already. */
  repeat(): void {
    const last = this.#last;
    if (last?.ended && this.#options.system.now() - last.ended.at < repeatMs) this.#options.finished(last.job, last.ended, true);
  }

  reported(view: View): ReportedJob | null {
    const work = this.#work;
    if (work.is === 'none' || work.is === 'orphaned') return null;
    const { job: uuid, file, name, size } = work.record;
    const about = { uuid, file, name, size };
    const elapsedS = work.is === 'fetching' ? 0 : Math.floor((this.#options.system.monotonic() - work.since) / 1_000);
    if (work.is === 'printing' && work.done) {
      return { ...about, state: 'printing', offset: size, message: null, elapsedS, remainingS: 0 };
    }
    if (work.is === 'fetching' || view.job === null) {
      return { ...about, state: 'starting', offset: 0, message: null, elapsedS: 0, remainingS: null };
    }
    const { state, offset, message, minutesLeft } = view.job;
    const share = size === 0 ? 0 : offset / size;
    const remainingS = remainingOf({ share, elapsedS, minutesLeft, estimateS: work.estimateS });
    // `resuming` is told as paused: see `viewOf`.
    return {
      ...about,
      state: state === 'resuming' ? 'paused' : state,
      offset,
      message: message ?? this.#warning(view),
      elapsedS,
      remainingS,
    };
  }

  /** A paused print keeps its heaters on (printerlynx §6.2.6): said when that lasts. */
  #warning({ job, temperatures }: View): string | null {
    if (job?.pausedAt === null || job?.pausedAt === undefined || !someHeaterOn(temperatures)) return null;
    const minutes = Math.floor((this.#options.system.monotonic() - job.pausedAt) / 60_000);
    return minutes < warnMinutes ? null : `Paused for ${minutes - (minutes % warnMinutes)} minutes with the heaters on`;
  }

  close(): void {
    if (this.#work.is === 'fetching') this.#abort('failed', 'The agent was stopped');
    if (this.#work.is === 'orphaned') this.#work.timer.cancel();
  }

  /** A server that was set up anew may count its jobs from the start again; their files have other ids. */
  #known(job: string, file: string): JobRecord | null {
    return this.#last?.job === job && this.#last.file === file ? this.#last : null;
  }

  /** The same START once more: it prints already, or has. */
  #again(record: JobRecord, request: string | null): void {
    if (this.#work.is === 'fetching') {
      this.#work.requests.push(request);
      return;
    }
    this.#options.answer(request, record.job, null);
    if (record.ended !== null) this.#options.finished(record.job, record.ended, true);
  }

  async #fetch(message: StartMessage, request: string | null): Promise<void> {
    const { system, fetchFrom } = this.#options;
    const { job_uuid: job, print_file_uuid: file, name, size, checksum, download_path: path } = message;
    const record: JobRecord = { job, file, name, size, begun: false, ended: null };
    if (!this.#keep(record)) {
      this.#options.answer(request, job, unkept);
      return;
    }
    const work: Work = { is: 'fetching', record, stop: new AbortController(), requests: [request], paused: false };
    this.#work = work;
    const to = join(fetchFrom.folder, `${job}.gcode`);
    const { server, token } = fetchFrom;
    const wrong = await download({ server, token, path, size, checksum, to, system, stop: work.stop.signal });
    if (this.#work !== work) {
      rmSync(to, { force: true });
      return;
    }
    if (wrong === null) await this.#begin(work, to);
    else this.#fail(work, wrong);
  }

  async #begin(work: Work & { is: 'fetching' }, path: string): Promise<void> {
    const facts = await factsOf(path).catch(() => null);
    const feed = await FileFeed.open(path).catch(() => null);
    const record = { ...work.record, begun: true };
    // On disk before the printer has anything of it: an agent after us must know.
    if (this.#work !== work || feed === null || !this.#keep(record)) {
      await feed?.close();
      if (this.#work === work) this.#fail(work, unkept);
      return;
    }
    this.#work = {
      is: 'printing',
      record,
      since: this.#options.system.monotonic(),
      estimateS: facts?.seconds ?? null,
      done: false,
    };
    if (!this.#options.print(feed)) {
      await feed.close();
      this.#fail(work, 'Printer is unavailable');
      return;
    }
    for (const request of work.requests) this.#options.answer(request, record.job, null);
    if (work.paused) this.#options.pause();
  }

  #fail(work: Work & { is: 'fetching' }, message: string): void {
    this.#work = { is: 'none' };
    this.#forget(work.record, { result: 'failed', message });
    for (const request of work.requests) this.#options.answer(request, work.record.job, message);
  }

  #abort(result: 'cancelled' | 'failed', message: string | null): void {
    const work = this.#work;
    if (work.is !== 'fetching') return;
    work.stop.abort();
    this.#close({ result, message });
    for (const request of work.requests) this.#options.answer(request, work.record.job, message ?? 'Print job was cancelled');
  }

  #close(ending: Ending): void {
    const work = this.#work;
    if (work.is === 'none') return;
    if (work.is === 'orphaned') work.timer.cancel();
    this.#work = { is: 'none' };
    this.#forget(work.record, ending);
    this.#options.finished(work.record.job, ending, false);
  }

  #forget(record: JobRecord, { result, message }: Ending): void {
    rmSync(join(this.#options.fetchFrom.folder, `${record.job}.gcode`), { force: true });
    this.#keep({ ...record, ended: { result, message, at: this.#options.system.now() } });
  }

  /** False: it could not be written down; then nothing may be begun. */
  #keep(record: JobRecord): boolean {
    this.#last = record;
    return this.#options.records.keepJob(this.#options.printer, record);
  }
}
