import { join } from 'node:path';
import { isEmergencyStop, movesPrinter, refusedCommand } from '@switchyard/sdk/printer-commands.ts';
import { Link, type LinkRhythm } from '../link.ts';
import { type Ending, machineLimits } from '../marlin/machine.ts';
import type { Park } from '../marlin/scripts.ts';
import type { OpenPort } from '../serial/port.ts';
import type { System } from '../system.ts';
import type { CommandMessage, StartMessage, SteerMessage, ToServer } from './messages.ts';
import { Prints } from './prints.ts';
import type { Records } from './records.ts';
import { type PrinterFacts, statusData, urgentPart } from './report.ts';
import { Reporter } from './reporter.ts';

export interface PrinterOptions {
  readonly facts: PrinterFacts;
  readonly open: OpenPort;
  readonly baud: number | null;
  readonly park: Park | null;
  readonly bootMs: number | null;
  readonly system: System;
  readonly records: Records;
  readonly server: string;
  readonly token: () => string;
  readonly rhythm?: Partial<LinkRhythm>;
  readonly send: (message: ToServer) => boolean;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** A print has ended, however. */
  readonly idle: () => void;
}

/** One printer as the server sees it: takes its requests, tells its state. */
export class Printer {
  readonly #options: PrinterOptions;
  readonly #link: Link;
  readonly #prints: Prints;
  readonly #reporter: Reporter;
  /** Requests of commands under way, by their number here. */
  readonly #asked = new Map<string, string | null>();
  #lastAsked = 0;
  #leaving = false;

  constructor(options: PrinterOptions) {
    this.#options = options;
    const { facts, system, records, open, baud, park, bootMs, rhythm } = options;
    const printer = { park, bootMs: bootMs ?? machineLimits.bootMs };
    this.#prints = new Prints({
      printer: facts.uuid,
      system,
      records,
      answer: (request, job, message) => this.#answerJob(request, job, message),
      finished: (job, ending, again) => this.#finished(job, ending, again),
      told: () => this.#reporter.now(),
      ready: () => this.#link.view.status !== 'unavailable',
      print: (feed) => this.#link.print(feed),
      pause: () => this.#link.pause(),
      fetchFrom: { server: options.server, token: options.token, folder: join(records.files, facts.uuid) },
    });
    this.#link = new Link(
      { open, baud, system, printer, unsafe: this.#prints.unsafe, ...(rhythm === undefined ? {} : { rhythm }) },
      {
        changed: () => this.#reporter.changed(),
        ended: (ending) => this.#prints.ended(ending),
        answered: (id, response) => this.#answered(id, 'OK', { response }),
        refused: (id, message) => this.#answered(id, 'ERROR', { message }),
        safe: () => this.#prints.safe(),
        note: (event, fields) => options.log(event, { printer: facts.identifier, ...fields }),
      },
    );
    this.#reporter = new Reporter(
      system,
      {
        urgent: () => urgentPart(this.#link.view, this.#prints.reported(this.#link.view)),
        data: () => statusData(facts, this.#link.view, this.#prints.reported(this.#link.view)),
      },
      (data) => options.send({ type: 'printer_status', data }),
    );
  }

  get uuid(): string {
    return this.#options.facts.uuid;
  }

  /** It has a print, or one to account for. */
  get busy(): boolean {
    return this.#prints.active;
  }

  open(): void {
    this.#link.open();
  }

  /** The server knows nothing of us (any more): how the last print ended, then how things are (printerlynx §5.1). */
  introduce(): void {
    this.#prints.repeat();
    this.#reporter.now();
  }

  tick(roomy: boolean): void {
    this.#reporter.tick(roomy);
  }

  start(message: StartMessage): void {
    const refused = this.#leaving ? 'Agent is stopping' : null;
    this.#prints.start(message, refused);
    this.#reporter.changed();
  }

  steer({ type, job_uuid, request_id }: SteerMessage): void {
    const wrong = this.#prints.wrongJob(job_uuid);
    if (wrong !== null) {
      this.#answerJob(request_id ?? null, job_uuid, wrong);
      return;
    }
    this.#answerJob(request_id ?? null, job_uuid, null);
    if (type === 'CANCEL') this.#cancel();
    else if (type === 'PAUSE') this.#pause();
    else this.#resume();
    this.#reporter.changed();
  }

  command({ command, request_id, role = 'user' }: CommandMessage): void {
    const text = command.trim();
    const id = String(++this.#lastAsked);
    this.#asked.set(id, request_id ?? null);
    const refused = refusedCommand(text, role);
    if (refused !== null) this.#answered(id, 'ERROR', { message: refused });
    else if (isEmergencyStop(text)) this.#emergency(id);
    else if (movesPrinter(text) && this.#prints.flows(this.#link.view))
      this.#answered(id, 'ERROR', { message: 'Printer is busy' });
    else this.#link.ask(id, text);
  }

  /** No new prints from here on. */
  leave(): void {
    this.#leaving = true;
  }

  cancelAll(): void {
    this.#cancel();
  }

  async close(): Promise<void> {
    this.#prints.close();
    await this.#link.close();
  }

  #cancel(): void {
    if (!this.#prints.cancelFetch()) this.#link.cancel();
  }

  #pause(): void {
    if (!this.#prints.pauseFetch(true)) this.#link.pause();
  }

  #resume(): void {
    if (!this.#prints.pauseFetch(false)) this.#link.resume();
  }

  /** Nothing is asked and nothing awaited before it is on the wire (printerlynx §5.4, M112). */
  #emergency(id: string): void {
    const sent = this.#link.emergency();
    this.#prints.emergency();
    this.#answered(id, sent ? 'OK' : 'ERROR', sent ? { response: [] } : { message: 'Printer is unavailable' });
    this.#options.log('printer:emergency', { printer: this.#options.facts.identifier, sent });
    this.#reporter.changed();
  }

  #answered(id: string, status: 'OK' | 'ERROR', more: Readonly<Record<string, unknown>>): void {
    const request = this.#asked.get(id) ?? null;
    this.#asked.delete(id);
    const data = { status, ...(request === null ? {} : { request_id: request }), printer_uuid: this.uuid, ...more };
    this.#options.send({ type: 'printer_command', data });
  }

  /** `message` null: OK. */
  #answerJob(request: string | null, job: string, message: string | null): void {
    const about = { ...(request === null ? {} : { request_id: request }), job_uuid: job };
    const data = message === null ? { status: 'OK', ...about } : { status: 'ERROR', ...about, message };
    this.#options.send({ type: 'print_job', data });
  }

  #finished(job: string, { result, message }: Ending, again: boolean): void {
    const data = { status: 'FINISHED', job_uuid: job, result, ...(message === null ? {} : { message }) };
    this.#options.send({ type: 'print_job', data });
    if (again) return;
    this.#options.log('print:ended', {
      printer: this.#options.facts.identifier,
      job,
      result,
      ...(message === null ? {} : { message }),
    });
    this.#options.idle();
  }
}
