import { Connection, type ConnectionRhythm } from './agent/connection.ts';
import { lockFolder } from './agent/folder-lock.ts';
import { identify, type UsbFacts } from './agent/identity.ts';
import type { FromServer, VerdictMessage } from './agent/messages.ts';
import { Printer } from './agent/printer.ts';
import { Records } from './agent/records.ts';
import { reportRhythm } from './agent/reporter.ts';
import type { LinkRhythm } from './link.ts';
import type { Park } from './marlin/scripts.ts';
import type { OpenPort } from './serial/port.ts';
import type { System, Timer } from './system.ts';

/** One port that a printer is on. */
export interface PortOptions {
  /** What people call it. */
  readonly name: string;
  /** The device, or `virtual`. */
  readonly path: string;
  readonly adapter: 'SERIAL' | 'VIRTUAL';
  readonly usb: UsbFacts | null;
  readonly open: OpenPort;
  /** Null: found out. */
  readonly baud: number | null;
}

export interface AgentOptions {
  readonly server: string;
  readonly token: () => string;
  readonly data: string;
  readonly ports: readonly PortOptions[];
  readonly park: Park | null;
  /** How long a printer's banner is awaited; null: as long as the slowest boards need. Ms. */
  readonly bootMs: number | null;
  readonly system: System;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly rhythm?: { readonly link?: Partial<LinkRhythm>; readonly connection?: Partial<ConnectionRhythm> };
}

export interface AgentExit {
  readonly how: 'stopped' | 'refused' | 'failed';
  readonly text: string;
}

export interface AgentHandle {
  /** First: no new prints, and the end when the running ones have ended. Again: they are cancelled, heaters off. A third time: at once. */
  stop(): void;
  /** Nothing of it is left. Never rejects. */
  readonly closed: Promise<AgentExit>;
}

export function startAgent(options: AgentOptions): AgentHandle {
  const agent = new Agent(options);
  return { stop: () => agent.stop(), closed: agent.run() };
}

const repeatLogMs = 60_000;
/** How long heaters that are being turned off are waited for. */
const cancelPatienceMs = 30_000;

/** Stands for several printers at one server. They print on whether it is there or not. */
class Agent {
  readonly #options: AgentOptions;
  readonly #exit = Promise.withResolvers<AgentExit>();
  readonly #printers = new Map<string, Printer>();
  #connection: Connection | null = null;
  #tick: Timer | null = null;
  #patience: Timer | null = null;
  #stops = 0;
  #welcomes = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  #leaving: AgentExit | null = null;
  #finished = false;
  readonly #ports = new Map<string, PortOptions>();
  #records: Records | null = null;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  async run(): Promise<AgentExit> {
    let release = () => {};
    try {
      const records = new Records(this.#options.data);
      const lock = lockFolder(this.#options.data);
      if ('owner' in lock) {
        const text = `${this.#options.data} is in use by another agent (process ${lock.owner}). Stop that one, or give this one another --data folder.`;
        return { how: 'failed', text };
      }
      release = lock.release;
      this.#open(records);
    } catch (error) {
      release();
      return { how: 'failed', text: `The folder ${this.#options.data} cannot be used: ${(error as Error).message}` };
    }
    const exit = await this.#exit.promise;
    this.#tick?.cancel();
    this.#patience?.cancel();
    await Promise.all([...this.#printers.values()].map((printer) => printer.close()));
    this.#connection?.close();
    release();
    return exit;
  }

  stop(): void {
    this.#stops += 1;
    this.#leave({ how: 'stopped', text: 'stopped' });
    const { system, log } = this.#options;
    if (this.#stops === 2) {
      log('agent:cancelling', { prints: this.#busy });
      for (const printer of this.#printers.values()) printer.cancelAll();
      this.#patience = system.after(cancelPatienceMs, () => this.#finish());
    }
    if (this.#stops >= 3) this.#finish();
  }

  get #busy(): number {
    return [...this.#printers.values()].filter((printer) => printer.busy).length;
  }

  #open(records: Records): void {
    const { server, token, system, rhythm = {} } = this.#options;
    const connection = new Connection(
      { server, token, system, ...(rhythm.connection === undefined ? {} : { rhythm: rhythm.connection }) },
      {
        live: () => this.#live(),
        message: (message) => this.#receive(message),
        lost: (why) => this.#options.log('server:lost', { server, why, printing: this.#busy }),
        failed: (why, refused) => this.#failed(why, refused),
      },
    );
    this.#connection = connection;
    this.#records = records;
    for (const [uuid, port] of this.#known(records)) this.#add(uuid, port, records);
    this.#beat();
    connection.connect();
  }

  /** Each port with the id of the printer on it, kept for ever. */
  #known(records: Records): Map<string, PortOptions> {
    const { ports, system } = this.#options;
    const { ids, keep } = identify(ports, records.printers(), () => system.uuid());
    records.keepPrinters(keep);
    return new Map(ports.map((port, at) => [ids[at] ?? system.uuid(), port]));
  }

  #add(uuid: string, port: PortOptions, records: Records): void {
    const printer = this.#printer(uuid, port, records);
    this.#printers.set(uuid, printer);
    this.#ports.set(uuid, port);
    printer.open();
  }

  /** Its id is another agent's there: it came from another machine, or this folder is a copy. It gets a new one. */
  async #rename(uuid: string): Promise<void> {
    const printer = this.#printers.get(uuid);
    const port = this.#ports.get(uuid);
    if (printer === undefined || port === undefined || this.#records === null || printer.busy) return;
    const fresh = this.#options.system.uuid();
    this.#printers.delete(uuid);
    this.#ports.delete(uuid);
    const kept = Object.entries(this.#records.printers());
    this.#records.keepPrinters(Object.fromEntries(kept.map(([key, id]) => [key, id === uuid ? fresh : id])));
    this.#options.log('printer:renamed', { printer: port.name, from: uuid, to: fresh });
    await printer.close();
    if (!this.#finished) this.#add(fresh, port, this.#records);
  }

  #printer(uuid: string, port: PortOptions, records: Records): Printer {
    const { server, token, system, park, bootMs, log, rhythm = {} } = this.#options;
    const { name: identifier, adapter, path, open, baud } = port;
    return new Printer({
      facts: { uuid, identifier, adapter, interface: path },
      ...{ open, baud, park, bootMs, system, records, server, token, log },
      ...(rhythm.link === undefined ? {} : { rhythm: rhythm.link }),
      send: (message) => this.#connection?.send(message) ?? false,
      idle: () => this.#idle(),
    });
  }

  /** One timer for all printers. */
  #beat(): void {
    this.#tick = this.#options.system.after(reportRhythm.everyMs, () => {
      if (this.#connection?.live) for (const printer of this.#printers.values()) printer.tick(this.#connection.roomy);
      this.#beat();
    });
  }

  #live(): void {
    this.#welcomes += 1;
    this.#saidAt = Number.NEGATIVE_INFINITY;
    this.#options.log('server:connected', { server: this.#options.server, printers: this.#printers.size });
    for (const printer of this.#printers.values()) printer.introduce();
  }

  #receive(message: FromServer): void {
    switch (message.is) {
      case 'start':
        this.#with(message.data, 'print_job', (printer) => printer.start(message.data));
        break;
      case 'steer':
        this.#with(message.data, 'print_job', (printer) => printer.steer(message.data));
        break;
      case 'command':
        this.#with(message.data, 'printer_command', (printer) => printer.command(message.data));
        break;
      case 'malformed':
        this.#connection?.send({
          type: message.type === 'print_job' || message.type === 'printer_command' ? message.type : 'error',
          data: {
            status: 'ERROR',
            ...(message.request === null ? {} : { request_id: message.request }),
            message: message.message,
          },
        });
        break;
      case 'refusal':
        this.#refused(message.data);
        break;
      case 'authentication':
      case 'unknown':
        break;
    }
  }

  #refused({ message = '', printer_uuid }: VerdictMessage): void {
    this.#options.log('server:refused', { message, printer: printer_uuid ?? null });
    const [only, ...others] = this.#printers.keys();
    const meant = printer_uuid?.toLowerCase() ?? (others.length === 0 ? only : undefined);
    if (/belongs to another agent/i.test(message) && meant !== undefined) void this.#rename(meant);
  }

  #with(
    about: { readonly printer_uuid: string; readonly request_id?: string; readonly job_uuid?: string },
    type: 'print_job' | 'printer_command',
    act: (printer: Printer) => void,
  ): void {
    const printer = this.#printers.get(about.printer_uuid);
    if (printer !== undefined) {
      act(printer);
      return;
    }
    const { request_id, job_uuid } = about;
    const named = { ...(request_id === undefined ? {} : { request_id }), ...(job_uuid === undefined ? {} : { job_uuid }) };
    this.#connection?.send({ type, data: { status: 'ERROR', ...named, message: 'Printer not found' } });
  }

  /** A token that was never good is said at once. One that was is no reason to give up, least of all a print. */
  #failed(why: string, refused: boolean): void {
    const { server, log, system } = this.#options;
    if (refused && this.#welcomes === 0 && this.#busy === 0) {
      const text = `The server at ${server} does not take this token (${why}). Make an agent there, copy its token into a file, and give it by --token-file FILE.`;
      this.#leave({ how: 'refused', text });
      return;
    }
    if (system.monotonic() - this.#saidAt < repeatLogMs) return;
    this.#saidAt = system.monotonic();
    log(refused ? 'server:refused' : 'server:unreachable', { server, why, printing: this.#busy, advice: 'trying on' });
  }

  #leave(exit: AgentExit): void {
    if (this.#leaving !== null) return;
    this.#leaving = exit;
    for (const printer of this.#printers.values()) printer.leave();
    if (this.#busy > 0) {
      this.#options.log('agent:draining', { prints: this.#busy, advice: 'once more cancels them' });
    }
    this.#idle();
  }

  #idle(): void {
    if (this.#leaving !== null && this.#busy === 0) this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#exit.resolve(this.#leaving ?? { how: 'stopped', text: 'stopped' });
  }
}
