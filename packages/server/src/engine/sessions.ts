import type { SessionNumber, TaskId, WorkerId } from '../domain/ids.ts';
import type { Amounts } from '../domain/needs.ts';
import { system } from '../domain/principal.ts';
import type { Task } from '../domain/task.ts';
import type { Worker } from '../domain/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { InputOf, Told } from './commands.ts';
import { createDeadlines } from './deadlines.ts';
import type { SessionHandle, Sessions } from './engine.ts';
import type { Runner } from './run.ts';
import type { LiveSession, SessionTable } from './session-table.ts';

export interface SessionsDeps {
  readonly runner: Runner;
  readonly store: Store;
  readonly clock: Clock;
  readonly table: SessionTable;
  wake(session: LiveSession): void;
  /** A task that the session holds already. */
  seize(session: LiveSession, task: Task, amounts: Amounts): void;
  taskAlive(task: TaskId): void;
  /** The holder was told to end it: it has only so long. */
  stopping(task: Task): void;
  failed(where: string, cause: unknown): void;
}

export interface LiveSessions extends Sessions {
  deliver(words: readonly Told[]): void;
  refreshed(input: InputOf<'refresh'>): void;
  recover(worker: Worker): Promise<void>;
  close(): void;
}

/** The lives of connected sessions: leases, graces, words to them. Leases are monotonic time in memory. */
export function createSessions(deps: SessionsDeps): LiveSessions {
  const { runner, store, clock, table } = deps;
  const leases = createDeadlines<SessionNumber>(clock, leaseOver);
  const graces = createDeadlines<string>(clock, graceOver);

  function leaseOver(number: SessionNumber): void {
    const session = table.get(number);
    if (session === undefined) return;
    const { leaseMs } = session.worker.profile;
    const silent = clock.monotonic() - session.lastSeen;
    // Signs of life only move a number; the lease is looked at again when it comes.
    if (silent < leaseMs) leases.set(number, leaseMs - silent);
    else end(session, `no sign of life for ${Math.round(leaseMs / 1000)} s`);
  }

  function end(session: LiveSession, why: string): void {
    const { worker, number } = session;
    void runner.command(system, 'sessionOver', { worker: worker.id, session: number, why });
  }

  function graceOver(key: string): void {
    const [worker, session] = key.split('.').map(Number);
    if (worker === undefined || session === undefined) return;
    void runner.command(system, 'sessionOver', { worker, session, why: 'it did not come back in time' });
  }

  function detach(number: SessionNumber): LiveSession | null {
    leases.delete(number);
    return table.remove(number);
  }

  async function fill(session: LiveSession): Promise<void> {
    const { worker, number } = session;
    const row = await store.query.worker(worker.id);
    if (table.get(number) !== session || row === null) return;
    session.worker = { ...row, used: { slots: 0, cpus: 0, ramMb: 0, named: {} }, holding: 0 };
    const held = await store.query.held(worker.id);
    const classes = new Map(
      (await store.query.classes([...new Set(held.map((task) => task.class))])).map(({ id, spec }) => [id, spec]),
    );
    if (table.get(number) !== session) return;
    for (const task of held) {
      const spec = classes.get(task.class);
      if (spec !== undefined) deps.seize(session, task, spec.amounts);
    }
    if (row.profile.leaseMs > 0) leases.set(number, row.profile.leaseMs);
    deps.wake(session);
  }

  /** The connection broke: grace begins, or what it held is lost at once. */
  async function lost(worker: WorkerId, session: SessionNumber): Promise<void> {
    const result = await runner.command(system, 'connectionLost', { worker, session });
    const grace = result.value?.grace ?? 0;
    if (grace > 0) graces.set(`${worker}.${session}`, grace);
  }

  return {
    attach(by, workerId, number, ears) {
      const session: LiveSession = {
        by,
        number,
        ears,
        worker: unknownWorker(workerId, number),
        held: new Map(),
        offers: 0,
        claiming: false,
        again: false,
        lastSeen: clock.monotonic(),
      };
      table.add(session);
      const filled = fill(session).catch((cause: unknown) => deps.failed('attach', cause));
      let over = false;
      const handle: SessionHandle = {
        alive() {
          session.lastSeen = clock.monotonic();
        },
        wake() {
          void filled.then(() => {
            if (table.get(number) === session) deps.wake(session);
          });
        },
        taskAlive: deps.taskAlive,
        async lost() {
          if (over) return;
          over = true;
          detach(number);
          await lost(workerId, number);
        },
        async bye({ giveBack }) {
          if (over) return;
          over = true;
          detach(number);
          await runner.command(system, 'signOff', { worker: workerId, session: number, giveBack });
        },
      };
      return handle;
    },

    deliver(words) {
      for (const { session: number, what } of words) {
        const session = table.get(number);
        if (session === undefined) continue;
        if (what.tell === 'kill') deps.stopping(what.task);
        try {
          session.ears.tell(what);
        } catch (cause) {
          deps.failed('tell', cause);
        }
        if (what.tell === 'close') detach(number);
      }
    },

    refreshed({ session: number, reported, total, mode }) {
      const session = table.get(number);
      if (session === undefined) return;
      const { worker } = session;
      session.worker = {
        ...worker,
        reported: reported ?? worker.reported,
        total: total ?? worker.total,
        mode: mode ?? worker.mode,
        wanted: mode !== null && worker.wanted?.mode === mode ? null : worker.wanted,
      };
    },

    /** After a start every grace begins anew, except for sessions that were a connection. */
    async recover(worker) {
      if (worker.status === 'offline' || worker.session === 0) return;
      if (worker.status === 'lost') {
        graces.set(`${worker.id}.${worker.session}`, worker.profile.graceMs);
        return;
      }
      if (worker.profile.connection) {
        const why = 'the server was restarted';
        await runner.command(system, 'sessionOver', { worker: worker.id, session: worker.session, why });
      } else await lost(worker.id, worker.session);
    },

    close() {
      leases.close();
      graces.close();
    },
  };
}

/** Until its row is read: nothing can be given to it. */
function unknownWorker(id: WorkerId, session: SessionNumber): Worker {
  const none = { slots: 0, cpus: 0, ramMb: 0, named: {} };
  return {
    id,
    name: '',
    key: null,
    owner: '',
    profile: { graceMs: 0, connection: true, leaseMs: 0, ephemeral: false, room: 'counted', suspends: false },
    kinds: [],
    tags: [],
    total: none,
    used: none,
    reported: null,
    status: 'starting',
    mode: 'awake',
    wanted: null,
    session,
    holding: 0,
    picky: false,
    info: {},
    createdAt: 0,
    seenAt: 0,
  };
}
