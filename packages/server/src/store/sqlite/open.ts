import type { Command, CommandAnswer, Lane, Procedures, RunResult, Store, Trimmed, TrimRule } from '../../ports/store.ts';
import type { Call, CallResults, Outcome } from './calls.ts';
import { type Carrier, inlineCarrier } from './carrier.ts';
import { type BatchWatch, Commits } from './commits.ts';
import { Core } from './core.ts';
import { type Connection, type Durability, openReader, openWriter, synchronousOf } from './database.ts';
import { Lanes } from './lanes.ts';
import { lockFile } from './lock.ts';
import type { ProceduresModule } from './messages.ts';
import { migrate } from './migrate.ts';
import { sqliteQueries } from './queries/queries.ts';
import { sqliteRecords } from './records.ts';
import { startThread } from './thread-carrier.ts';

interface CommonOptions {
  /** Path of the database. With `inline` also `:memory:`. */
  readonly file: string;
  /** `full` (default): every commit is flushed to the disk before it is answered. `normal`: a power cut may lose the last ones. */
  readonly durability?: Durability;
  /** Told of every batch. */
  readonly watch?: BatchWatch;
}

export type SqliteStoreOptions =
  | (CommonOptions & { readonly mode: 'inline'; readonly procedures: Procedures })
  | (CommonOptions & {
      readonly mode: 'threaded';
      readonly procedures: ProceduresModule;
      /** The writer thread died: the store cannot go on. Called once. */
      readonly onFatal: (error: Error) => void;
    });

export interface SqliteStore extends Store {
  /** `PRAGMA synchronous` of the writing and of the reading connection. */
  readonly synchronous: { readonly writer: number; readonly reader: number };
}

/** Opens, migrates and locks the embedded store. Rejects with a text for people when that cannot be. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const lock = options.file === ':memory:' ? null : lockFile(options.file);
  try {
    const opened = options.mode === 'inline' ? openInline(options) : await openThreaded(options);
    return store(options, opened, () => lock?.release());
  } catch (error) {
    lock?.release();
    throw error;
  }
}

interface Opened {
  readonly carrier: Carrier;
  readonly reader: Connection;
  readonly synchronous: SqliteStore['synchronous'];
  readonly soon: (call: () => void) => void;
}

function openInline(options: SqliteStoreOptions & { mode: 'inline' }): Opened {
  const writer = openWriter(options.file, options.durability ?? 'full');
  try {
    migrate(writer.db, options.file);
  } catch (error) {
    writer.close();
    throw error;
  }
  const carrier = inlineCarrier(new Core(writer, options.procedures), writer);
  const level = synchronousOf(writer);
  return { carrier, reader: writer, synchronous: { writer: level, reader: level }, soon: queueMicrotask };
}

async function openThreaded(options: SqliteStoreOptions & { mode: 'threaded' }): Promise<Opened> {
  const { file, durability = 'full', procedures, onFatal } = options;
  const thread = await startThread({ file, durability, procedures }, onFatal);
  const reader = openReader(file, durability);
  const synchronous = { writer: thread.synchronous, reader: synchronousOf(reader) };
  // After the poll phase: everything that this turn of the loop read from sockets is in.
  return { carrier: thread, reader, synchronous, soon: setImmediate };
}

function store(options: SqliteStoreOptions, { carrier, reader, synchronous, soon }: Opened, unlock: () => void): SqliteStore {
  const commits = new Commits((calls) => carrier.execute(calls), options.watch ?? null);
  const lanes = new Lanes((calls) => commits.execute(calls), soon);
  let closing: Promise<void> | null = null;

  async function hand<C extends Call['call']>(call: Call & { call: C }, lane: Lane): Promise<CallResults[C]> {
    if (closing !== null) throw new Error('the store is closed');
    return resultOf<C>(await lanes.hand(call, lane));
  }
  async function close(): Promise<void> {
    await lanes.drained();
    await carrier.close();
    reader.close();
    unlock();
  }
  return {
    run: (commands, lane = 'urgent') =>
      closing === null ? hand({ call: 'run', commands }, lane) : Promise.resolve(closed(commands)),
    trim: (rule: TrimRule): Promise<Trimmed> => hand({ call: 'trim', rule }, 'bulk'),
    records: sqliteRecords(reader, {
      put: (record) => hand({ call: 'putRecord', ...record }, 'urgent'),
      delete: (record) => hand({ call: 'deleteRecord', ...record }, 'urgent'),
    }),
    query: sqliteQueries(reader, commits),
    traits: { name: `sqlite-${options.mode}`, shared: false, durable: options.file !== ':memory:' },
    synchronous,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function resultOf<C extends Call['call']>(outcome: Outcome): CallResults[C] {
  if ('failed' in outcome) throw new Error(outcome.failed);
  return outcome.result as CallResults[C];
}

/** S9 */
function closed(commands: readonly Command[]): RunResult {
  const refusal = { code: 'not_ready', detail: 'the store is closed' } as const;
  const answers = commands.map((): CommandAnswer => ({ refusal }));
  return { answers, changes: [], wake: { classes: [], workers: [], due: [], sweeps: false } };
}
