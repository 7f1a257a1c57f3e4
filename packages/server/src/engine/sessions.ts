import type { SessionNumber, TaskId, WorkerId } from '../domain/ids.ts';
import { nothing } from '../domain/needs.ts';
import { isAlive, type Task } from '../domain/task.ts';
import type { Worker } from '../domain/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { InputOf, Told } from './commands.ts';
import { createDeadlines } from './deadlines.ts';
import type { SessionHandle, Sessions } from './engine.ts';
import type { Insist } from './insist.ts';
import { type LiveSession, measured, type SessionTable } from './session-table.ts';
import type { Watch } from './watch.ts';

export interface SessionsDeps {
  readonly insist: Insist;
  readonly store: Store;
  readonly clock: Clock;
  readonly table: SessionTable;
  readonly watch: Pick<Watch, 'begins' | 'alive' | 'stopping'>;
  wake(session: LiveSession): void;
  /** A session that came back holds this attempt. */
  regained(task: TaskId): void;
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
  const { insist, store, clock, table, watch } = deps;
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
    void insist('sessionOver', { worker: worker.id, session: number, why, ifLost: false });
  }

  function graceOver(key: string): void {
    const [worker, session] = key.split('.').map(Number);
    if (worker === undefined || session === undefined) return;
    void insist('sessionOver', { worker, session, why: 'it did not come back in time', ifLost: true });
  }

  function detach(number: SessionNumber): LiveSession | null {
    leases.delete(number);
    return table.remove(number);
  }

  /** What the store knows of it: the row, and what it holds already. */
  async function fill(session: LiveSession): Promise<void> {
    const { worker, number } = session;
    table.filling(session);
    try {
      const [row, held] = await Promise.all([store.query.worker(worker.id), store.query.held(worker.id)]);
      const classes = await store.query.classes([...new Set(held.map((task) => task.class))]);
      if (table.get(number) !== session || row === null) return;
      table.describe(session, { ...row, used: nothing, holding: 0 });
      const specs = new Map(classes.map(({ id, spec }) => [id, spec]));
      for (const task of held) {
        const spec = specs.get(task.class);
        if (spec === undefined || !isHeldIn(task, number) || session.gone?.has(task.id)) continue;
        table.holds(session, task, spec.amounts);
        watch.begins(task);
        deps.regained(task.id);
      }
      if (row.profile.leaseMs > 0) leases.set(number, row.profile.leaseMs);
    } finally {
      table.filled(session);
    }
    deps.wake(session);
  }

  /** The connection broke: grace begins, or what it held is lost at once. */
  async function lost(worker: WorkerId, session: SessionNumber): Promise<void> {
    const result = await insist('connectionLost', { worker, session });
    const grace = result.value?.grace ?? 0;
    if (grace > 0) graces.set(`${worker}.${session}`, grace);
  }

  return {
    attach(by, workerId, number, ears) {
      const unknown = unknownWorker(workerId, number);
      const session: LiveSession = {
        by,
        number,
        ears,
        worker: unknown,
        ...measured(unknown),
        held: new Map(),
        offers: 0,
        claiming: false,
        again: false,
        lastSeen: clock.monotonic(),
        gone: null,
      };
      table.add(session);
      const filled = fill(session).catch((cause: unknown) => deps.failed('attach', cause));
      let over = false;
      const handle: SessionHandle = {
        alive() {
          session.lastSeen = clock.monotonic();
        },
        answered(task) {
          table.answered(session, task);
          handle.wake();
        },
        wake() {
          void filled.then(() => {
            if (table.get(number) === session) deps.wake(session);
          });
        },
        taskAlive: watch.alive,
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
          await insist('signOff', { worker: workerId, session: number, giveBack });
        },
      };
      return handle;
    },

    deliver(words) {
      for (const { session: number, what } of words) {
        const session = table.get(number);
        if (session === undefined) continue;
        if (what.tell === 'kill') watch.stopping(what.task);
        try {
          session.ears.tell(what);
        } catch (cause) {
          deps.failed('tell', cause);
        }
        if (what.tell === 'close') detach(number);
      }
    },

    /** A sign of life in the same session: its grace has ended well. */
    refreshed({ worker, session }) {
      graces.delete(`${worker}.${session}`);
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
        await insist('sessionOver', { worker: worker.id, session: worker.session, why, ifLost: false });
      } else await lost(worker.id, worker.session);
    },

    close() {
      leases.close();
      graces.close();
    },
  };
}

function isHeldIn({ state }: Task, session: SessionNumber): boolean {
  return isAlive(state) && state.session === session;
}

/** Until its row is read: nothing can be given to it. */
function unknownWorker(id: WorkerId, session: SessionNumber): Worker {
  return {
    id,
    name: '',
    key: null,
    owner: '',
    profile: { graceMs: 0, connection: true, leaseMs: 0, ephemeral: false, room: 'counted', suspends: false },
    kinds: [],
    tags: [],
    total: nothing,
    used: nothing,
    reported: null,
    status: 'starting',
    mode: 'awake',
    wanted: null,
    gate: 'none',
    session,
    holding: 0,
    picky: false,
    info: {},
    createdAt: 0,
    seenAt: 0,
  };
}
