import type { ToWorker } from '@switchyard/sdk/worker-wire.ts';
import type { Attempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { attemptOf, finalOf, type Holding } from './holding.ts';
import type { Journal } from './journal.ts';
import type { Outcome } from './outcome.ts';
import type { System } from './system.ts';

type Ended = Holding & { state: 'ended' };
type Logged = ToWorker & { m: 'logged' };

/**
 * What is held, by task id, and the ends that the server has not acknowledged: each is said once per connection after all
 * output of its attempt, again when no answer comes, and forgotten when it does.
 */
export class Ledger {
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #system: System;
  readonly #holdings = new Map<number, Holding>();
  /** The number of the present connection. */
  #epoch = 0;

  constructor(connection: Connection, journal: Journal, system: System) {
    this.#connection = connection;
    this.#journal = journal;
    this.#system = system;
    for (const { task, final } of journal.attempts) {
      if (final !== null) this.#holdings.set(task, { state: 'ended', final, attempt: null, saidIn: 0, saidAt: 0 });
    }
  }

  get size(): number {
    return this.#holdings.size;
  }

  get unended(): number {
    let count = 0;
    for (const holding of this.#holdings.values()) if (holding.state !== 'ended') count += 1;
    return count;
  }

  /** As they are now: the ledger may be changed while they are looked at. */
  get entries(): [number, Holding][] {
    return [...this.#holdings];
  }

  get(task: number): Holding | undefined {
    return this.#holdings.get(task);
  }

  /** The holding, if it is of this very attempt. */
  find(task: number, attempt: number): Holding | null {
    const holding = this.#holdings.get(task);
    return holding !== undefined && attemptOf(holding) === attempt ? holding : null;
  }

  set(task: number, holding: Holding): void {
    this.#holdings.set(task, holding);
  }

  delete(task: number): void {
    this.#holdings.delete(task);
  }

  connected(): void {
    this.#epoch += 1;
  }

  /** The attempt is over: its last message is kept, and said as soon as its output is. */
  settle(task: number, attempt: number, outcome: Outcome, ran: Attempt | null): void {
    const final = finalOf(task, attempt, outcome, ran?.lengths ?? null);
    const holding: Ended = { state: 'ended', final, attempt: ran, saidIn: 0, saidAt: 0 };
    this.#holdings.set(task, holding);
    if (ran !== null) this.#journal.ended(task, attempt, final);
    this.say(holding);
  }

  say(holding: Ended): void {
    if (!this.#connection.live || holding.saidIn === this.#epoch) return;
    if (holding.attempt !== null && !holding.attempt.logsSent) return;
    holding.saidIn = this.#epoch;
    holding.saidAt = this.#system.monotonic();
    this.#connection.send(holding.final);
  }

  /** What was said so long ago and has not been answered. */
  sayAgain(afterMs: number): void {
    const now = this.#system.monotonic();
    for (const holding of this.#holdings.values()) {
      if (holding.state !== 'ended' || holding.saidIn !== this.#epoch || now - holding.saidAt <= afterMs) continue;
      holding.saidIn = 0;
      this.say(holding);
    }
  }

  logsSent(attempt: Attempt): void {
    const holding = this.#holdings.get(attempt.task.task);
    if (holding?.state === 'ended' && holding.attempt === attempt) this.say(holding);
  }

  logged({ task, attempt, stream, length }: Logged): void {
    const holding = this.find(task, attempt);
    if (holding?.state === 'running' || holding?.state === 'ended') holding.attempt?.committed(stream, length);
  }

  /** The server knows of the end: nothing of the attempt is kept. */
  acknowledged(task: number, attempt: number): void {
    const holding = this.find(task, attempt);
    if (holding?.state === 'ended') this.forget(task, holding);
  }

  forget(task: number, { final, attempt }: Ended): void {
    this.#holdings.delete(task);
    attempt?.close();
    this.#journal.forget(task, final.attempt);
  }
}
