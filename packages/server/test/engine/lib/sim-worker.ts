import { fitsIn, minus, nothing, plus } from '../../../src/domain/needs.ts';
import type { WorkerProfile } from '../../../src/domain/worker.ts';
import type { Assignment, Tell } from '../../../src/engine/commands.ts';
import type { SessionHandle } from '../../../src/engine/engine.ts';
import type { SeededRandom } from '../../lib/seeded-random.ts';
import { workerPrincipal as by, kueueProfile, ok, ourProfile, type Yard } from './yard.ts';

export type SimKind = 'pushed' | 'choosing' | 'pulling';

interface Held {
  readonly assignment: Assignment;
  /** 0: only offered. */
  attempt: number;
  killed: boolean;
  /** Its answer to the offer is on its way. */
  answering: boolean;
}

export interface PastAttempt {
  readonly task: number;
  readonly attempt: number;
  readonly session: number;
}

const profiles: Readonly<Record<SimKind, WorkerProfile>> = {
  pushed: ourProfile,
  choosing: kueueProfile,
  pulling: { ...ourProfile, graceMs: 60_000 },
};

/** A worker as its door knows it: what it was given, what it was told, and a dice that says what it does next. */
export class SimWorker {
  readonly kind: SimKind;
  readonly slots: number;
  readonly tags: readonly string[];
  readonly past: PastAttempt[] = [];
  id = 0;
  session = 0;
  connected = false;
  readonly held = new Map<number, Held>();
  /** Offers that were withdrawn and not answered. */
  readonly withdrawn: number[] = [];
  readonly faults: string[] = [];
  #handle: SessionHandle | null = null;
  #connecting = false;
  #wish: Tell | null = null;
  readonly #yard: Yard;
  readonly #random: SeededRandom;
  readonly #begun: (assignment: Assignment, worker: SimWorker) => void;
  readonly #reported: (task: number, attempt: number) => void;

  constructor(
    yard: Yard,
    random: SeededRandom,
    of: {
      kind: SimKind;
      slots: number;
      tags: readonly string[];
      begun: (assignment: Assignment, worker: SimWorker) => void;
      /** It is about to say that this attempt, which it holds, has succeeded. */
      reported: (task: number, attempt: number) => void;
    },
  ) {
    this.#yard = yard;
    this.#random = random;
    this.kind = of.kind;
    this.slots = of.slots;
    this.tags = of.tags;
    this.#begun = of.begun;
    this.#reported = of.reported;
  }

  get total() {
    return { slots: this.slots, cpus: 8, ramMb: 1_000, named: {} };
  }

  get #room() {
    let used = nothing;
    for (const { attempt, assignment } of this.held.values()) if (attempt > 0) used = plus(used, assignment.amounts);
    return minus(this.total, used);
  }

  /** Comes for the first time, or anew: what it still holds it names, unless it has forgotten it. */
  async connect(remembers = true): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    try {
      await this.#connect(remembers);
    } finally {
      this.#connecting = false;
    }
  }

  async #connect(remembers: boolean): Promise<void> {
    const { engine } = this.#yard;
    const { total, tags, kind } = this;
    const fresh = this.id === 0 || kind === 'choosing';
    if (fresh) {
      this.held.clear();
      const row = { key: null, name: kind, kinds: ['shell'], tags, total, profile: profiles[kind], info: {}, approved: true };
      this.id = ok(await engine.command(by, 'register', row)).worker;
    }
    const unchanged = { name: null, kinds: null, tags: null, total: null, info: null };
    const signedOn = await engine.command(by, 'signOn', { worker: this.id, ...unchanged, keepTasks: true });
    if (signedOn.refusal !== undefined) {
      // Somebody forgot it.
      this.id = 0;
      return;
    }
    this.session = signedOn.value.session;
    this.withdrawn.length = 0;
    this.#wish = null;
    // Somebody may have forgotten it meanwhile.
    if (!fresh && !(await this.#reconcile(remembers))) return;
    this.connected = true;
    await this.attach();
  }

  async attach(): Promise<void> {
    const { sessions } = this.#yard.engine;
    const push = {
      pushed: { run: this.#run, offer: this.#offer, offers: 2, offerMs: null },
      choosing: { offer: this.#offer, offers: 2, offerMs: 60_000 },
      pulling: null,
    }[this.kind];
    this.#handle = sessions.attach(by, this.id, this.session, { tell: this.#tell, push });
    if (this.kind === 'choosing') await this.report();
    if (this.kind === 'pulling') await this.report(false);
  }

  async #reconcile(remembers: boolean): Promise<boolean> {
    const running = [...this.held].filter(([, { attempt }]) => attempt > 0);
    const holds = running.flatMap(([task, { attempt }]) => (remembers || this.#random.dice() < 0.3 ? [{ task, attempt }] : []));
    const { value } = await this.#yard.engine.command(by, 'reconcile', { worker: this.id, session: this.session, holds });
    const mine = new Set(value?.kept.map(({ id }) => id));
    for (const task of this.held.keys()) if (!mine.has(task)) this.held.delete(task);
    return value !== undefined;
  }

  #run = (given: readonly Assignment[]): void => {
    for (const assignment of given) {
      const { id, attempt } = assignment.task;
      // Another attempt may be given to it: one that was ended by force, without its report.
      if (this.held.get(id)?.attempt === attempt) this.faults.push(`task ${id} was given twice to worker ${this.id}`);
      this.#begin(assignment, attempt);
    }
  };

  #begin(assignment: Assignment, attempt: number): void {
    this.held.set(assignment.task.id, { assignment, attempt, killed: false, answering: false });
    this.past.push({ task: assignment.task.id, attempt, session: this.session });
    this.#begun(assignment, this);
  }

  #offer = (given: readonly Assignment[]): void => {
    for (const assignment of given) {
      if (this.withdrawn.includes(assignment.task.id))
        this.faults.push(`task ${assignment.task.id} was offered before an answer`);
      this.held.set(assignment.task.id, { assignment, attempt: 0, killed: false, answering: false });
    }
  };

  #tell = (what: Tell): void => {
    if (what.tell === 'kill') {
      const held = this.held.get(what.task.id);
      if (held !== undefined) held.killed = true;
    } else if (what.tell === 'withdraw') {
      // Declined already: the answer and the withdrawal have crossed.
      if (this.held.get(what.task.id)?.attempt !== 0) return;
      this.held.delete(what.task.id);
      this.withdrawn.push(what.task.id);
    } else if (what.tell === 'wish') this.#wish = what;
    else if (what.tell === 'close') this.gone();
  };

  /** Its connection is no more; what it runs it goes on running. */
  gone(): void {
    this.connected = false;
    this.#handle = null;
    for (const [task, { attempt }] of this.held) if (attempt === 0) this.held.delete(task);
  }

  // --- what it does -------------------------------------------------------------------------------------------------

  /** Answers everything that waits for an answer. */
  async answer(): Promise<void> {
    for (const task of this.withdrawn.splice(0)) {
      await this.#yard.engine.command(by, 'decline', { task, session: this.session, how: 'defer' });
    }
  }

  async acceptOne(): Promise<void> {
    for (const [task, held] of this.held) {
      const { attempt, assignment, answering } = held;
      if (attempt > 0 || answering || !fitsIn(assignment.amounts, this.#room)) continue;
      held.answering = true;
      const accepted = await this.#yard.engine.command(by, 'accept', { task, session: this.session });
      if (accepted.value === undefined) this.held.delete(task);
      else this.#begin(accepted.value.assignment, accepted.value.assignment.task.attempt);
      this.#forget(this.withdrawn, task);
      return;
    }
  }

  #forget(list: number[], task: number): void {
    const at = list.indexOf(task);
    if (at >= 0) list.splice(at, 1);
  }

  async declineOne(): Promise<void> {
    for (const [task, { attempt, answering }] of this.held) {
      if (attempt > 0 || answering) continue;
      this.held.delete(task);
      await this.#yard.engine.command(by, 'decline', {
        task,
        session: this.session,
        how: this.#random.pick(['defer', 'reject']),
      });
      return;
    }
  }

  async endOne(successShare = 0.75): Promise<void> {
    const running = [...this.held].filter(([, { attempt }]) => attempt > 0);
    if (running.length === 0) return;
    const [task, { attempt, killed }] = this.#random.pick(running);
    this.held.delete(task);
    const succeeded = !killed && this.#random.dice() < successShare;
    if (succeeded) this.#reported(task, attempt);
    await this.end(task, this.#random.dice() < 0.5 ? attempt : null, succeeded ? 'succeeded' : 'failed');
  }

  end(task: number, attempt: number | null, outcome: 'succeeded' | 'failed', session = this.session) {
    return this.#yard.engine.command(by, 'end', {
      task,
      session,
      attempt,
      outcome,
      reason: outcome === 'failed' ? 'exit' : null,
      exitCode: outcome === 'failed' ? 1 : 0,
      signal: null,
      error: null,
      result: null,
      artifacts: [],
    });
  }

  async giveBackOne(): Promise<void> {
    for (const [task, { attempt }] of this.held) {
      if (attempt === 0) continue;
      this.held.delete(task);
      const how = this.#random.pick(['free', 'defer', 'reject'] as const);
      await this.#yard.engine.command(by, 'giveBack', { task, session: this.session, attempt, how, why: null });
      return;
    }
  }

  async claim(): Promise<void> {
    const input = { worker: this.id, session: this.session, max: 1, mode: 'run', deadline: null, kinds: null } as const;
    const claimed = await this.#yard.engine.command(by, 'claim', { ...input, resume: true, poolsToo: true });
    for (const assignment of claimed.value?.assignments ?? []) {
      const { id, attempt } = assignment.task;
      // The same again: it has it, or has reported it while it asked.
      if (!this.past.some((one) => one.task === id && one.attempt === attempt)) this.#begin(assignment, attempt);
    }
  }

  /** A sign of life, with its room where it reports that itself. */
  async report(room = this.kind === 'choosing'): Promise<void> {
    const mode = this.#wish?.tell === 'wish' && this.#wish.mode !== 'shutdown' ? this.#wish.mode : null;
    this.#wish = null;
    const rest = { total: null, info: null, mode, seenAt: null };
    const reported = room ? this.#room : null;
    await this.#yard.engine.command(by, 'refresh', { worker: this.id, session: this.session, reported, ...rest });
  }

  async lose(): Promise<void> {
    const handle = this.#handle;
    this.gone();
    await handle?.lost();
  }

  async bye(giveBack: boolean): Promise<void> {
    const handle = this.#handle;
    this.gone();
    this.held.clear();
    await handle?.bye({ giveBack });
  }
}
