import type { FromWorker, ToWorker, WireHello, WireTask } from '@switchyard/sdk/worker-wire.ts';
import { Attempt, type AttemptDeps } from './attempt.ts';
import type { Connection } from './connection.ts';
import { attemptOf, type Holding } from './holding.ts';
import type { Inputs } from './inputs.ts';
import { Ledger } from './ledger.ts';
import { limits } from './limits.ts';
import { Offers } from './offers.ts';
import { giveBack, type Outcome } from './outcome.ts';
import { lacking, type Room, type Taken } from './room.ts';
import type { Runner } from './runners/runner.ts';

export interface WorkerDeps {
  readonly attempt: Omit<AttemptDeps, 'link'>;
  readonly connection: Connection;
  readonly room: Room;
  readonly inputs: Inputs;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly describe: () => Omit<WireHello, 'm' | 'holds'>;
  readonly log: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Nothing runs any more, and all is acknowledged (or the time for that is over). */
  readonly idle: () => void;
  readonly wish: (mode: 'awake' | 'asleep' | 'draining' | 'shutdown', lazy: boolean) => void;
}

type Message = Exclude<ToWorker, { m: 'welcome' }>;
type Welcome = ToWorker & { m: 'welcome' };

/**
 * What the worker holds, and what it does about every message. Tasks are keyed by task id: one attempt of a task at a time;
 * an older attempt that is being ended is `fading` and keeps its room until its last process is gone.
 */
export class Worker {
  readonly #deps: WorkerDeps;
  readonly #attemptDeps: AttemptDeps;
  readonly #offers: Offers;
  readonly #ledger: Ledger;
  readonly #fading = new Set<Attempt>();
  /** Tasks in state `queued`. */
  readonly #queue = new Set<number>();
  #takesNew = true;
  #leaving = false;
  /** Something was handed back for want of room: say so when there is room again. */
  #deferred = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#attemptDeps = { ...deps.attempt, link: deps.connection };
    this.#offers = new Offers(deps.inputs);
    this.#ledger = new Ledger(deps.connection, deps.attempt.journal, deps.attempt.system);
  }

  get running(): number {
    return this.#fading.size + this.#ledger.unended;
  }

  get unacknowledged(): number {
    return this.#ledger.size;
  }

  hello(): WireHello {
    const holds = this.#ledger.entries.map(([task, holding]) => ({ task, attempt: attemptOf(holding) }));
    return { m: 'hello', ...this.#deps.describe(), holds };
  }

  /** `false`: what is offered is declined, what is sent is handed back, until `true`. */
  takeNew(yes: boolean): void {
    this.#takesNew = yes;
    if (yes) {
      this.#sayRoom();
      return;
    }
    for (const task of this.#offers.tasks) this.#decline(task, 'defer', 'this worker takes nothing new');
    this.#offers.clear();
    this.#askIdle();
  }

  /** From now on `idle` is called when nothing runs. */
  leave(): void {
    this.#leaving = true;
    this.takeNew(false);
  }

  /** Ends everything; the tasks go back to the queue unharmed. */
  stopAll(): void {
    for (const [task, holding] of this.#ledger.entries) {
      if (holding.state === 'running') holding.attempt.stop('give-back');
      else if (holding.state !== 'ended') this.#dropUnstarted(task, holding, giveBack('free', 'this worker stops'));
    }
    for (const attempt of this.#fading) attempt.stop('lost');
    this.#askIdle();
  }

  welcome(welcome: Welcome): void {
    this.#ledger.connected();
    for (const { task, attempt } of welcome.kill) this.#lose(task, attempt);
    const lengths = new Map(welcome.logs.map((row) => [row.task, row]));
    for (const [task, holding] of this.#ledger.entries) {
      const row = lengths.get(task);
      const committed = row?.attempt === attemptOf(holding) ? row : { out: 0, err: 0, log: 0 };
      if (holding.state === 'running') holding.attempt.online(committed);
      else if (holding.state === 'ended') {
        holding.attempt?.online(committed);
        this.#ledger.say(holding);
      } else if (holding.state === 'accepted') this.#start(holding.task, holding.taken);
    }
    this.#proceed();
  }

  lost(): void {
    // Offers belong to the session.
    this.#offers.clear();
    for (const [, holding] of this.#ledger.entries) {
      if (holding.state === 'running' || holding.state === 'ended') holding.attempt?.offline();
    }
  }

  receive(message: Message): void {
    switch (message.m) {
      case 'run':
        this.#run(message.task);
        return;
      case 'offer':
        this.#offer(message.task);
        return;
      case 'go':
        this.#go(message.task, message.attempt);
        return;
      case 'withdraw':
        this.#withdraw(message.task);
        return;
      case 'kill':
        this.#kill(message.task, message.attempt);
        return;
      case 'suspend':
        this.#runningOf(message)?.suspend();
        return;
      case 'resume':
        this.#runningOf(message)?.resume();
        return;
      case 'ended':
        this.#ledger.acknowledged(message.task, message.attempt);
        this.#askIdle();
        return;
      case 'logged':
        this.#ledger.logged(message);
        return;
      case 'watch':
        this.#runningOf(message)?.watch(message.names);
        return;
      case 'wish':
        this.#deps.wish(message.mode, message.lazy);
        return;
    }
  }

  /** A message that we cannot read: what it names goes back to the server, so that it waits for nothing. */
  malformed(what: string, task: number | null, attempt: number | null): void {
    this.#deps.log('message:malformed', { what, task, attempt });
    if (task === null || this.#ledger.get(task) !== undefined) return;
    if (what === 'offer') this.#decline(task, 'reject', 'this worker cannot read the offer');
    else if (what === 'run' && attempt !== null) {
      this.#ledger.settle(task, attempt, giveBack('reject', 'this worker cannot read the task'), null);
    }
  }

  tick(leaseMs: number): void {
    this.#ledger.sayAgain(leaseMs);
  }

  #run(task: WireTask): void {
    if (!this.#makeWay(task.task, task.attempt)) return;
    if (!this.#takesNew) {
      this.#ledger.settle(task.task, task.attempt, giveBack('free', 'this worker takes nothing new'), null);
      return;
    }
    const trouble = this.#troubleWith(task);
    if (trouble !== null) this.#ledger.settle(task.task, task.attempt, giveBack('reject', trouble), null);
    else this.#begin(task);
  }

  /** An older attempt of the same task is not ours any more. False: this very attempt (or a later one) is held already. */
  #makeWay(task: number, attempt: number): boolean {
    const holding = this.#ledger.get(task);
    if (holding === undefined) return true;
    const held = attemptOf(holding);
    if (held >= attempt) return false;
    this.#lose(task, held);
    return true;
  }

  #troubleWith(task: WireTask): string | null {
    if (!this.#deps.runners.has(task.kind)) return `this worker does not run tasks of kind ${JSON.stringify(task.kind)}`;
    const { room } = this.#deps;
    return room.fitsEver(task.amounts) ? null : `this worker is too small for it: ${lacking(task.amounts, room.total)}`;
  }

  #begin(task: WireTask): void {
    const runner = this.#deps.runners.get(task.kind);
    if (runner?.how === 'instant') {
      this.#ledger.settle(task.task, task.attempt, runner.run(task), null);
      return;
    }
    const taken = this.#isFading(task.task) ? null : this.#deps.room.take(task.amounts);
    if (taken !== null) this.#start(task, taken);
    else if (this.#fading.size > 0 && this.#queue.size < limits.waitingRuns) {
      this.#ledger.set(task.task, { state: 'queued', task });
      this.#queue.add(task.task);
    } else {
      this.#deferred = true;
      const why = `no room just now: ${lacking(task.amounts, this.#deps.room.free)}`;
      this.#ledger.settle(task.task, task.attempt, giveBack('defer', why), null);
    }
  }

  #start(task: WireTask, taken: Taken): void {
    const runner = this.#deps.runners.get(task.kind);
    if (runner === undefined || runner.how === 'instant') {
      this.#deps.room.give(taken);
      this.#ledger.delete(task.task);
      this.#begin(task);
      return;
    }
    const attempt = new Attempt(task, taken, this.#attemptDeps, {
      ended: (ended, outcome) => this.#attemptEnded(ended, outcome),
      logsSent: (sent) => this.#ledger.logsSent(sent),
    });
    this.#ledger.set(task.task, { state: 'running', attempt });
    attempt.start(runner);
  }

  #attemptEnded(attempt: Attempt, outcome: Outcome): void {
    this.#deps.room.give(attempt.taken);
    if (this.#fading.delete(attempt)) {
      attempt.close();
      this.#deps.attempt.journal.forget(attempt.task.task, attempt.task.attempt);
    } else this.#ledger.settle(attempt.task.task, attempt.task.attempt, outcome, attempt);
    this.#proceed();
  }

  #offer(task: WireTask): void {
    const trouble = this.#troubleWith(task);
    if (trouble !== null) this.#decline(task.task, 'reject', trouble);
    else if (!this.#takesNew || this.#offers.size >= limits.offers)
      this.#decline(task.task, 'defer', 'this worker takes nothing new');
    else {
      this.#offers.add(task);
      this.#acceptOffers();
    }
  }

  /** Accepts what there is room for. */
  #acceptOffers(): void {
    const { room, connection } = this.#deps;
    for (;;) {
      const accepted = this.#offers.next((task) => {
        if (this.#ledger.get(task.task) !== undefined || this.#isFading(task.task)) return null;
        const taken = room.take(this.#isInstant(task) ? nothing : task.amounts);
        return taken === null ? null : { task, taken };
      });
      if (accepted === null) return;
      this.#ledger.set(accepted.task.task, { state: 'accepted', ...accepted });
      connection.send({ m: 'accept', task: accepted.task.task });
    }
  }

  #go(task: number, attempt: number): void {
    const holding = this.#ledger.get(task);
    if (holding?.state === 'accepted') this.#start({ ...holding.task, attempt }, holding.taken);
    else if (holding === undefined)
      this.#ledger.settle(task, attempt, giveBack('free', 'this worker has no such offer any more'), null);
  }

  #withdraw(task: number): void {
    if (this.#offers.remove(task)) return;
    const holding = this.#ledger.get(task);
    if (holding?.state !== 'accepted') return;
    this.#ledger.delete(task);
    this.#deps.room.give(holding.taken);
    this.#proceed();
  }

  #kill(task: number, attempt: number): void {
    const holding = this.#ledger.find(task, attempt);
    if (holding === null) {
      // Not ours (any more): without an answer the server would wait for one.
      this.#send({ m: 'give-back', task, attempt, how: 'free', why: 'this worker does not hold that attempt' });
    } else if (holding.state === 'running') holding.attempt.stop('killed');
    else if (holding.state !== 'ended') this.#dropUnstarted(task, holding, giveBack('free', 'it had not started'));
  }

  /** Not this worker's any more: nothing is reported, its processes are ended. */
  #lose(task: number, attempt: number): void {
    const holding = this.#ledger.find(task, attempt);
    if (holding === null) return;
    this.#ledger.delete(task);
    if (holding.state === 'running') {
      this.#fading.add(holding.attempt);
      holding.attempt.stop('lost');
    } else if (holding.state === 'accepted') this.#deps.room.give(holding.taken);
    else if (holding.state === 'ended') this.#ledger.forget(task, holding);
  }

  #dropUnstarted(task: number, holding: Holding & { state: 'queued' | 'accepted' }, outcome: Outcome): void {
    if (holding.state === 'accepted') this.#deps.room.give(holding.taken);
    this.#ledger.settle(task, holding.task.attempt, outcome, null);
  }

  /** There may be room now, or nothing left to do. */
  #proceed(): void {
    for (const task of [...this.#queue]) {
      this.#queue.delete(task);
      const holding = this.#ledger.get(task);
      if (holding?.state === 'queued') this.#begin(holding.task);
    }
    if (this.#deferred) this.#sayRoom();
    if (this.#takesNew) this.#acceptOffers();
    this.#askIdle();
  }

  #askIdle(): void {
    if (this.#leaving && this.running === 0) this.#deps.idle();
  }

  /** The server may show again what was deferred. */
  #sayRoom(): void {
    this.#deferred = false;
    this.#send({ m: 'info', info: this.#deps.describe().info });
  }

  #runningOf({ task, attempt }: { task: number; attempt: number }): Attempt | null {
    const holding = this.#ledger.find(task, attempt);
    return holding?.state === 'running' ? holding.attempt : null;
  }

  #isFading(task: number): boolean {
    for (const attempt of this.#fading) if (attempt.task.task === task) return true;
    return false;
  }

  #isInstant(task: WireTask): boolean {
    return this.#deps.runners.get(task.kind)?.how === 'instant';
  }

  #decline(task: number, how: 'defer' | 'reject', why: string): void {
    this.#send({ m: 'decline', task, how, why: why.slice(0, 4_000) });
  }

  #send(message: FromWorker): void {
    this.#deps.connection.send(message);
  }
}

const nothing = { slots: 0, cpus: 0, ramMb: 0, named: {} };
