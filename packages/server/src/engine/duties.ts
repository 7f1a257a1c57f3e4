import type { TaskId } from '../domain/ids.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Queries, Wake } from '../ports/store.ts';
import { againMs, type Insist } from './insist.ts';
import { wallLookMs } from './wall-clock.ts';

export interface DutiesDeps {
  readonly insist: Insist;
  readonly query: Pick<Queries, 'nextDue' | 'hasSweeps'>;
  readonly clock: Clock;
  /** Something became possible without any task having moved: look everywhere. */
  wakeAll(): void;
  /** A task is gone for good: so are its files. */
  drop(task: TaskId): Promise<void>;
  failed(where: string, cause: unknown): void;
}

export interface Duties {
  woken(wake: Pick<Wake, 'due' | 'sweeps'>): void;
  /** What was left undone before the start. */
  recover(): Promise<void>;
  /** Takes up nothing new; settles when the page under way is done. */
  close(): Promise<void>;
}

const duePage = 200;

/** What has to be done in the background: moments that come, bulk work page by page. */
export function createDuties(deps: DutiesDeps): Duties {
  const { insist, query, clock } = deps;
  let dueAt = Number.POSITIVE_INFINITY;
  let timer: Timer | null = null;
  let sweeping: Promise<void> | null = null;
  let again = false;
  let closed = false;

  /** One timer for the earliest moment. */
  function arm(moment: number): void {
    if (closed || moment >= dueAt) return;
    dueAt = moment;
    timer?.cancel();
    timer = clock.after(Math.min(wallLookMs, Math.max(0, moment - clock.now())), () => look(moment));
  }

  function look(moment: number): void {
    dueAt = Number.POSITIVE_INFINITY;
    if (clock.now() < moment) arm(moment);
    else void whenDue();
  }

  async function whenDue(): Promise<void> {
    dueAt = Number.POSITIVE_INFINITY;
    try {
      for (let more = !closed; more && !closed; ) more = (await insist('due', { limit: duePage })).value?.more ?? false;
      if (closed) return;
      // A worker's time to avoid a task may be over without anything else moving.
      deps.wakeAll();
      const next = await query.nextDue(clock.now());
      if (next !== null) arm(next);
    } catch (cause) {
      deps.failed('due', cause);
      arm(clock.now() + againMs);
    }
  }

  function sweep(): Promise<void> {
    again = true;
    sweeping ??= sweepAll();
    return sweeping;
  }

  async function sweepAll(): Promise<void> {
    while (again && !closed) {
      again = false;
      for (let more = true; more && !closed; ) {
        const { value } = await insist('sweep', { limit: 1 });
        more = value?.more ?? false;
        for (const task of value?.dropped ?? []) await drop(task);
      }
    }
    // In the same turn as the last look: who comes later begins anew.
    sweeping = null;
  }

  async function drop(task: TaskId): Promise<void> {
    try {
      await deps.drop(task);
    } catch (cause) {
      deps.failed('drop', cause);
    }
  }

  return {
    woken({ due, sweeps }) {
      for (const moment of due) arm(moment);
      if (sweeps) void sweep();
    },
    async recover() {
      if (await query.hasSweeps()) await sweep();
      await whenDue();
    },
    async close() {
      closed = true;
      timer?.cancel();
      await sweeping;
    },
  };
}
