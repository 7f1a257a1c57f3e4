import type { Agent } from '../../auth/agents.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Desk } from './desk.ts';
import type { Bearer, Printer } from './printer.ts';
import { readReport } from './report.ts';
import { readUuid } from './row.ts';
import type { Shop } from './shop.ts';
import { type Accepted, Talk } from './talk.ts';
import { type Frame, frameText, isKnownType, readFrame, requestId, tooManyRequests } from './wire.ts';

export interface AgentLinkDeps {
  readonly desk: Desk;
  readonly shop: Shop;
  /** It failed; true: too often. */
  readonly failed: (address: string) => boolean;
  /** It has shown its token. */
  readonly known: (link: AgentLink) => void;
  readonly gone: (link: AgentLink) => void;
}

/** A printer of the connection before that is not reported on this one is not there any more. */
const inheritedMs = 60_000;
const mostAsked = 500;

type Ended = { readonly result: 'completed' | 'cancelled' | 'failed'; readonly message: string | null };

/** One agent's socket (printerlynx §3.3, §3.4). */
export class AgentLink implements Bearer {
  readonly #deps: AgentLinkDeps;
  readonly #talk: Talk;
  readonly #printers = new Map<string, Printer>();
  /** Of the connection that this one replaced, until it reports them itself. */
  readonly #inherited = new Map<string, Printer>();
  #inheritance: Timer | null = null;
  /** Prints that it said to have ended before it said how its printers are. */
  readonly #ended = new Map<string, Ended>();
  readonly #asked = new Map<string, { readonly answered: (error: string | null) => void; readonly timer: Timer }>();
  #lastAsked = 0;
  #failures = 0;
  agent: Agent | null = null;

  constructor(accepted: Accepted, deps: AgentLinkDeps) {
    const { desk } = deps;
    this.#deps = deps;
    this.#talk = new Talk(accepted, desk.limits.agentRate, desk, {
      heard: (text) => this.#heard(text),
      tooMany: (text) => this.#say(tooManyRequests(text)),
      gone: () => this.#left(),
      failed: (error) => desk.log.error({ event: 'printerlynx.agent', err: error }),
    });
  }

  send(frame: Frame): boolean {
    if (this.#talk.over) return false;
    this.#say(frame);
    this.#talk.flush();
    return true;
  }

  ask({ type, data }: Frame, ms: number, answered: (error: string | null) => void): boolean {
    if (this.#talk.over || this.#asked.size >= mostAsked) return false;
    const request_id = `r-${++this.#lastAsked}`;
    const timer = this.#deps.desk.clock.after(ms, () => {
      this.#asked.delete(request_id);
      answered('The agent did not answer');
    });
    this.#asked.set(request_id, { answered, timer });
    const { type: word, ...rest } = data;
    return this.send({ type, data: { ...(word === undefined ? {} : { type: word }), request_id, ...rest } });
  }

  close(code: number, reason: string): void {
    this.#talk.close(code, reason);
  }

  /** Takes the place of an older connection: its printers stay as they are until they are reported here. */
  inherit(before: AgentLink): void {
    for (const [uuid, printer] of [...before.#inherited, ...before.#printers]) {
      this.#inherited.set(uuid, printer);
      printer.handOver(before, this);
    }
    before.#printers.clear();
    before.#inherited.clear();
    if (this.#inherited.size === 0) return;
    this.#inheritance = this.#deps.desk.clock.after(inheritedMs, () => {
      for (const printer of this.#inherited.values()) void printer.lose(this);
      this.#inherited.clear();
    });
  }

  #say(frame: Frame): void {
    this.#talk.say(frameText('seed', frame));
  }

  async #heard(text: string | null): Promise<void> {
    const read = text === null ? null : readFrame(text);
    if (read === null || read.is === 'invalid' || read.dialect !== 'seed') {
      return this.#invalid(read?.is === 'invalid' ? read.type : 'error');
    }
    const { frame } = read;
    if (frame.type === 'authentication') return this.#authenticate(frame);
    if (this.agent === null && isKnownType(frame.type)) return this.#error(frame, 'Session not authenticated');
    if (this.agent === null) return this.#invalid(frame.type, frame.data);
    if (frame.type === 'printer_status') return this.#status(this.agent, frame);
    if (frame.type === 'print_job') return this.#job(frame);
    if (frame.type === 'printer_command') return this.#answered(frame);
    this.#invalid(frame.type, frame.data);
  }

  #invalid(type: string, data: Frame['data'] = {}): void {
    this.#say({ type, data: { status: 'ERROR', message: 'Invalid message', ...requestId(data) } });
  }

  #error({ type, data }: Frame, message: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#say({ type, data: { status: 'ERROR', message, ...more, ...requestId(data) } });
  }

  /** The same words whatever was wrong (printerlynx §1.5). */
  async #authenticate({ data }: Frame): Promise<void> {
    const { desk, failed, known } = this.#deps;
    const token = typeof data['token'] === 'string' ? data['token'] : '';
    const agent = await desk.agentBy(token.toLowerCase());
    if (this.#talk.over) return;
    const same = this.agent === null || agent?.id === this.agent.id;
    if (agent === null || !same) {
      const often = agent === null && failed(this.#talk.address);
      this.#say({ type: 'authentication', data: { status: 'error', message: 'Invalid token', ...requestId(data) } });
      if (this.agent === null && (++this.#failures >= desk.limits.failures || often)) this.close(4401, 'Invalid token');
      return;
    }
    this.#talk.welcome();
    this.#say({ type: 'authentication', data: { status: 'success', ...requestId(data) } });
    if (this.agent !== null) return;
    this.agent = agent;
    known(this);
  }

  async #status(agent: Agent, frame: Frame): Promise<void> {
    const report = readReport(frame.data);
    if ('wrong' in report) return this.#error(frame, `Invalid message: ${report.wrong}`);
    const { printer } = report;
    const found = await this.#deps.shop.find(agent, report);
    if (this.#talk.over) return;
    if (typeof found === 'string') return this.#error(frame, found, { printer_uuid: printer });
    if (this.#printers.get(printer) === found) return found.hear(report);
    this.#printers.set(printer, found);
    this.#inherited.delete(printer);
    await found.begin(this, report, this.#ended);
  }

  async #job(frame: Frame): Promise<void> {
    const { data } = frame;
    if (String(data['status']).toUpperCase() !== 'FINISHED') return this.#answered(frame);
    const job = readUuid(data['job_uuid']);
    const result = String(data['result']).toLowerCase();
    if (job === null) return this.#error(frame, 'Invalid message: job_uuid');
    if (result !== 'completed' && result !== 'cancelled' && result !== 'failed')
      return this.#error(frame, 'Invalid message: result');
    const message = typeof data['message'] === 'string' ? data['message'].slice(0, 500) : null;
    const ended = { result, message } as const;
    for (const printer of this.#printers.values()) if (printer.job?.uuid === job) return printer.finished(job, ended);
    if (this.#ended.size < mostAsked) this.#ended.set(job, ended);
  }

  #answered({ data }: Frame): void {
    const id = data['request_id'];
    const asked = typeof id === 'string' ? this.#asked.get(id) : undefined;
    if (asked === undefined || typeof id !== 'string') return;
    this.#asked.delete(id);
    asked.timer.cancel();
    const bad = String(data['status']).toUpperCase() === 'ERROR';
    asked.answered(bad ? String(data['message'] ?? 'The agent refused').slice(0, 500) : null);
  }

  #left(): void {
    for (const { timer } of this.#asked.values()) timer.cancel();
    this.#asked.clear();
    this.#inheritance?.cancel();
    // Only what is still carried by this connection is lost with it.
    for (const printer of [...this.#inherited.values(), ...this.#printers.values()]) void printer.lose(this);
    this.#deps.gone(this);
  }
}
