import { type Agent, agentPrincipal } from '../../auth/agents.ts';
import { system } from '../../domain/principal.ts';
import type { Worker } from '../../domain/worker.ts';
import type { Desk } from './desk.ts';
import { printKinds } from './gate.ts';
import { liveOf } from './live-report.ts';
import { infoOf, Printer, type PrinterFacts } from './printer.ts';
import type { Report } from './report.ts';

/** A printer is not given up before a day: a print may take that long without a network (printerlynx §5.1). */
const profile = {
  graceMs: 86_400_000,
  connection: false,
  leaseMs: 0,
  ephemeral: false,
  room: 'counted',
  suspends: true,
  // What was printed lies on the plate until somebody has taken it off.
  gated: true,
} as const;

/** Or why it cannot be had. */
type Found = Printer | string;
const ofAnother = 'Printer belongs to another agent';

const keyOf = (printer: string): string => `printer:${printer}`;
const keyPrefix = keyOf('');

/** Every printer that the yard knows, whether its agent is here or not. */
export class Shop {
  readonly #desk: Desk;
  readonly #changed: (printer: Printer) => void;
  readonly #printers = new Map<string, Printer>();
  /** Two first reports of one printer must not make it twice. */
  readonly #making = new Map<string, Promise<Found>>();

  constructor(desk: Desk, changed: (printer: Printer) => void) {
    this.#desk = desk;
    this.#changed = changed;
  }

  /** After a start: nobody is here yet, and what was printing still may be. */
  async open(): Promise<void> {
    const { engine, by } = this.#desk;
    for (const worker of await engine.query.workers(by)) {
      const facts = factsOf(worker);
      if (facts === null) continue;
      const agent = this.#desk.agents.get(facts.agent);
      const printer = this.#keep(facts, agent ?? { id: facts.agent, owner: facts.owner, name: worker.name });
      await printer.restore(await engine.query.held(system, worker.id));
    }
  }

  get(uuid: string): Printer | null {
    return this.#printers.get(uuid) ?? null;
  }

  ofAgent(agent: string): Printer[] {
    return [...this.#printers.values()].filter(({ facts }) => facts.agent === agent);
  }

  ofOwner(owner: string): Printer[] {
    return [...this.#printers.values()].filter(({ facts }) => facts.owner === owner);
  }

  get count(): number {
    return this.#printers.size;
  }

  /** The printer that this agent reports; made at its first report. Text: why not. */
  find(agent: Agent, report: Report): Promise<Found> {
    const known = this.#printers.get(report.printer);
    if (known !== undefined) return Promise.resolve(this.#mayCarry(agent, known) ? known : ofAnother);
    const making = this.#making.get(report.printer) ?? this.#make(agent, report);
    this.#making.set(report.printer, making);
    return making
      .finally(() => this.#making.delete(report.printer))
      .then((made) => (typeof made === 'string' || made.facts.agent === agent.id ? made : ofAnother));
  }

  /** The bytes that this agent needs for a print which is not over, under the file's id or the print's own. */
  fileFor(agent: string, uuid: string): { readonly blob: string; readonly size: number; readonly name: string } | null {
    for (const printer of this.ofAgent(agent)) {
      const active = printer.job;
      if (active === null || active.over) continue;
      if (active.payload.file === uuid || active.uuid === uuid) return active.payload;
    }
    return null;
  }

  /** Its owner has deleted it: its printers go with it, and what they print counts as failed. */
  async forget(agent: string): Promise<void> {
    for (const printer of this.ofAgent(agent)) {
      this.#drop(printer);
      await printer.lose();
      await this.#desk.engine.command(this.#desk.by, 'forget', { worker: printer.facts.worker, force: true });
    }
  }

  close(): void {
    for (const printer of this.#printers.values()) printer.close();
  }

  async #make(agent: Agent, report: Report): Promise<Found> {
    const { engine, limits } = this.#desk;
    if (this.ofAgent(agent.id).length >= limits.printers) return `An agent has no more than ${limits.printers} printers`;
    const by = agentPrincipal(agent, printKinds);
    const facts = { ...adapterOf(report), uuid: report.printer, agent: agent.id, owner: agent.owner, worker: 0 };
    const registered = await engine.command(by, 'register', {
      ...{ key: keyOf(report.printer), name: report.identifier, kinds: printKinds, tags: [], profile, approved: true },
      total: { slots: 1, cpus: 0, ramMb: 0, named: {} },
      info: infoOf(facts),
    });
    if (registered.refusal !== undefined) {
      this.#desk.log.warn({ event: 'printerlynx.register', detail: registered.refusal.detail });
      return ofAnother;
    }
    const printer = this.#keep({ ...facts, worker: registered.value.worker }, agent);
    // It was deleted meanwhile: nobody else would clear this away.
    if (this.#desk.agents.get(agent.id) === null) await this.forget(agent.id);
    return printer;
  }

  /** Of this agent, or of one of the same owner that is no more: then it is carried by this one from now on. */
  #mayCarry(agent: Agent, printer: Printer): boolean {
    const { facts } = printer;
    if (facts.agent === agent.id) return true;
    if (facts.owner !== agent.owner || this.#desk.agents.get(facts.agent) !== null) return false;
    printer.facts = { ...facts, agent: agent.id };
    return true;
  }

  #keep(facts: PrinterFacts, agent: Pick<Agent, 'id' | 'owner' | 'name'>): Printer {
    const by = agentPrincipal({ ...agent, description: '', createdAt: 0 }, printKinds);
    const printer = new Printer(this.#desk, by, facts, {
      changed: (moved) => this.#moved(moved),
      forgotten: (gone) => this.#drop(gone),
    });
    this.#printers.set(facts.uuid, printer);
    return printer;
  }

  #moved(printer: Printer): void {
    this.#desk.engine.reports.put(printer.facts.worker, liveOf(printer));
    this.#changed(printer);
  }

  #drop(printer: Printer): void {
    const { uuid } = printer.facts;
    if (this.#printers.get(uuid) !== printer) return;
    this.#printers.delete(uuid);
    printer.close();
  }
}

const adapterOf = ({ identifier, adapterIdentifier, adapterInterface }: Report) => ({
  identifier,
  adapterIdentifier,
  adapterInterface,
});

/** Null: no printer of this door. */
function factsOf({ id, key, owner, name, info }: Worker): PrinterFacts | null {
  if (key?.startsWith(keyPrefix) !== true) return null;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    uuid: key.slice(keyPrefix.length),
    worker: id,
    agent: text(info['agent']),
    owner,
    identifier: name,
    adapterIdentifier: text(info['adapter_identifier']),
    adapterInterface: text(info['adapter_interface']),
  };
}
