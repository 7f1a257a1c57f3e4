import type { Change, NewChange } from '../../domain/change.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { Command, CommandAnswer, Done, Procedures, RunResult } from '../../ports/store.ts';
import type { Call, CallResults, Outcome } from './calls.ts';
import type { Connection } from './database.ts';
import { readSet, readTable } from './reads.ts';
import { openRows, type Rows } from './rows.ts';
import { type Ran, runCommand } from './run-command.ts';
import { isStorageError, textOf } from './sqlite-errors.ts';
import { recordTable } from './tables/record-table.ts';
import { trimmer } from './trim.ts';
import { WakeNotes } from './wake-notes.ts';
import { applyWrite, mostRows, rowsWritten } from './writes.ts';

/**
 * Runs batches of calls on the one writing connection, each batch in one transaction (S1). Synchronous: it is the same in
 * the writer thread and inline. A batch first runs without savepoints, because procedures write nothing before they are
 * done; should applying fail nevertheless, all is rolled back and run again with a savepoint for each command (S2).
 */
export class Core {
  readonly #rows: Rows;
  readonly #procedures: Procedures;
  readonly #read;
  readonly #statements;
  /** Rows written in the present transaction, as procedures count them. */
  #written = 0;
  /** Memory agrees with the file. */
  #sound = true;
  readonly #records;
  readonly #trim;

  /** `window`: how much of the ready index is kept in memory, for each class. */
  constructor(connection: Connection, procedures: Procedures, window = 512) {
    this.#rows = openRows(connection, window);
    this.#procedures = procedures;
    const table = readTable(this.#rows);
    this.#read = (set: Parameters<typeof readSet>[1]) => readSet(table, set);
    this.#records = recordTable(connection);
    this.#trim = trimmer(connection, () => this.#rows.sequences.last('change'));
    this.#statements = {
      begin: connection.prepare('BEGIN IMMEDIATE'),
      commit: connection.prepare('COMMIT'),
      rollback: connection.prepare('ROLLBACK'),
      savepoint: connection.prepare('SAVEPOINT command'),
      release: connection.prepare('RELEASE command'),
      undo: connection.prepare('ROLLBACK TO command'),
    };
  }

  /**
   * One outcome for each call, in order, of the first calls: as many as make one transaction, at least one. When it returns,
   * all of these are committed or none.
   */
  execute(calls: readonly Call[]): Outcome[] {
    try {
      return this.#transaction(calls, false);
    } catch (error) {
      if (isStorageError(error)) return calls.map((call) => storageOutcome(call, error));
    }
    try {
      return this.#transaction(calls, true);
    } catch (error) {
      return calls.map((call) => storageOutcome(call, error));
    }
  }

  #transaction(calls: readonly Call[], careful: boolean): Outcome[] {
    try {
      if (!this.#sound) this.#recover();
      this.#statements.begin.run();
      const outcomes: Outcome[] = [];
      this.#written = 0;
      for (const call of calls) {
        outcomes.push({ result: this.#call(call, careful) });
        if (this.#written >= mostRows) break;
      }
      this.#rows.flush();
      this.#statements.commit.run();
      this.#rows.settle();
      return outcomes;
    } catch (error) {
      this.#sound = false;
      try {
        this.#recover();
      } catch {
        // The disk fails here too: the next batch begins with it.
      }
      throw error;
    }
  }

  /** After a failure nothing in memory is known to be true. */
  #recover(): void {
    // A full disk may have ended the transaction already.
    if (this.#rows.connection.db.isTransaction) this.#statements.rollback.run();
    this.#rows.forget();
    this.#sound = true;
  }

  #call(call: Call, careful: boolean): CallResults[Call['call']] {
    switch (call.call) {
      case 'run':
        return this.#run(call.commands, careful);
      case 'putRecord':
        return this.#records.put(call.collection, call.key, call.json, call.revision);
      case 'deleteRecord':
        return this.#records.delete(call.collection, call.key);
      case 'trim':
        this.#rows.changes.flush();
        return this.#trim(call.rule);
    }
  }

  #run(commands: readonly Command[], careful: boolean): RunResult {
    const changes: Change[] = [];
    const notes = new WakeNotes();
    const answers = commands.map((command) =>
      careful ? this.#alone(command, changes, notes) : this.#command(command, changes, notes),
    );
    return { answers, changes, wake: notes.wake() };
  }

  #command(command: Command, changes: Change[], notes: WakeNotes): CommandAnswer {
    const ran = bounded(runCommand(this.#procedures, command, this.#read));
    const { classes } = this.#rows;
    if (!('done' in ran)) {
      classes.dropMade();
      return ran;
    }
    classes.keepMade();
    this.#written += ran.rows;
    for (const write of ran.done.writes) applyWrite(this.#rows, write, notes);
    for (const change of ran.done.changes) changes.push(this.#number(change, command.now));
    if (ran.done.wake !== undefined) notes.of(ran.done.wake);
    return { answer: ran.done.answer };
  }

  /** With a savepoint of its own: used when a batch failed, to find the culprit and spare the others. */
  #alone(command: Command, changes: Change[], notes: WakeNotes): CommandAnswer {
    const before = changes.length;
    this.#statements.savepoint.run();
    try {
      const answer = this.#command(command, changes, notes);
      this.#rows.flush();
      this.#statements.release.run();
      return answer;
    } catch (error) {
      if (isStorageError(error)) throw error;
      this.#statements.undo.run();
      this.#statements.release.run();
      this.#rows.forget();
      changes.length = before;
      return { thrown: textOf(error) };
    }
  }

  #number(change: NewChange, at: number): Change {
    const { kind, job, task, worker, owner, data } = change;
    const number = this.#rows.sequences.take('change');
    const json = JSON.stringify(data);
    this.#rows.changes.add(number, at, kind, job, task, worker, owner, json);
    return { number, at, kind, job, task, worker, owner, json };
  }
}

/** S7 */
function bounded(ran: Ran): Exclude<Ran, { done: unknown }> | { done: Done<unknown>; rows: number } {
  if (!('done' in ran)) return ran;
  const rows = rowsWritten(ran.done.writes);
  return rows > mostRows
    ? { thrown: `${rows} rows written in one command, at most ${mostRows} are allowed` }
    : { done: ran.done, rows };
}

/** Nothing of the batch was kept: every command is told so, and the process goes on. */
function storageOutcome(call: Call, error: unknown): Outcome {
  const detail = `nothing was changed: ${error instanceof Error ? error.message : String(error)}`;
  if (call.call !== 'run') return { failed: detail };
  const refusal: Refusal = { code: 'storage', detail };
  const answers = call.commands.map((): CommandAnswer => ({ refusal }));
  return { result: { answers, changes: [], wake: { classes: [], workers: [], due: [], sweeps: false } } };
}
