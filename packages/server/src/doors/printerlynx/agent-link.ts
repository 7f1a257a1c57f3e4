import type { Agent } from '../../auth/agents.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Desk } from './desk.ts';
import type { Bearer, Printer } from './printer.ts';
import { readReport } from './report.ts';
import { readUuid } from './row.ts';
import type { Shop } from './shop.ts';
import { type Accepted, Talk } from './talk.ts';
import { type Frame, frameText, readFrame, requestId } from './wire.ts';

export interface AgentLinkDeps {
  readonly desk: Desk;
  readonly shop: Shop;
  readonly throttled: (address: string) => boolean;
  readonly failed: (address: string) => void;
  /** It has shown its token. */
  readonly known: (link: AgentLink) => void;
  readonly gone: (link: AgentLink) => void;
}

/** An answer that never comes frees its place after this. */
const answerMs = 120_000;
const mostAsked = 500;

type Ended = { readonly result: 'completed' | 'cancelled' | 'failed'; readonly message: string | null };

/** One agent's socket (printerlynx §3.3, §3.4). */
export class AgentLink implements Bearer {
  readonly #deps: AgentLinkDeps;
  readonly #talk: Talk;
  readonly #printers = new Set<Printer>();
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
      tooMany: () => this.#say({ type: 'error', data: { status: 'ERROR', message: 'Too many requests' } }),
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

  ask({ type, data }: Frame, answered: (error: string | null) => void): boolean {
    if (this.#talk.over || this.#asked.size >= mostAsked) return false;
    const request_id = `r-${++this.#lastAsked}`;
    const timer = this.#deps.desk.clock.after(answerMs, () => void this.#asked.delete(request_id));
    this.#asked.set(request_id, { answered, timer });
    const { type: word, ...rest } = data;
    return this.send({ type, data: { ...(word === undefined ? {} : { type: word }), request_id, ...rest } });
  }

  close(code: number, reason: string): void {
    this.#talk.close(code, reason);
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
    if (this.agent === null) return this.#error(frame, 'Session not authenticated');
    if (frame.type === 'printer_status') return this.#status(this.agent, frame);
    if (frame.type === 'print_job') return this.#job(frame);
    if (frame.type === 'printer_command') return this.#answered(frame);
    this.#invalid(frame.type);
  }

  #invalid(type: string): void {
    this.#say({ type, data: { status: 'ERROR', message: 'Invalid message' } });
  }

  #error({ type, data }: Frame, message: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#say({ type, data: { status: 'ERROR', message, ...more, ...requestId(data) } });
  }

  /** The same words whatever was wrong (printerlynx §1.5). */
  #authenticate({ data }: Frame): void {
    const { desk, throttled, failed, known } = this.#deps;
    const token = typeof data['token'] === 'string' ? data['token'] : '';
    const agent = throttled(this.#talk.address) ? null : desk.agents.byToken(token.toLowerCase());
    const same = this.agent === null || agent?.id === this.agent.id;
    if (agent === null || !same) {
      if (agent === null) failed(this.#talk.address);
      this.#say({ type: 'authentication', data: { status: 'error', message: 'Invalid token', ...requestId(data) } });
      if (this.agent === null && ++this.#failures >= desk.limits.failures) this.close(4401, 'Invalid token');
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
    const printer = await this.#deps.shop.find(agent, report);
    if (printer === null) return this.#error(frame, 'Printer belongs to another agent', { printer_uuid: report.printer });
    if (this.#talk.over) return;
    if (this.#printers.has(printer)) return printer.hear(report);
    this.#printers.add(printer);
    await printer.begin(this, report, this.#ended);
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
    for (const printer of this.#printers) if (printer.job?.uuid === job) return printer.finished(job, ended);
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
    // Only what is still carried by this connection is lost with it.
    for (const printer of this.#printers) void printer.lose(this);
    this.#deps.gone(this);
  }
}
