/** Whose work it is: `calm` goes before `suspect` (an address that has lately been wrong), and is never turned away for it. */
export type Standing = 'calm' | 'suspect';

/** Work that is done so many at a time, with bounded waiting. */
export interface WorkQueue {
  /** Null: turned away, there is no room. Rejects as the work does. */
  run<T>(standing: Standing, work: () => Promise<T>): Promise<{ readonly value: T } | null>;
  /** Under way and waiting. */
  readonly load: number;
}

interface Waiter {
  readonly go: () => void;
  readonly turnAway: () => void;
}

export function createWorkQueue({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }): WorkQueue {
  const queues: Readonly<Record<Standing, Waiter[]>> = { calm: [], suspect: [] };
  let underway = 0;
  const queued = (): number => queues.calm.length + queues.suspect.length;

  /** True: it is this work's turn. A calm newcomer takes the place of the suspect that came last. */
  function turn(standing: Standing): Promise<boolean> | boolean {
    if (underway < atOnce) {
      underway++;
      return true;
    }
    if (queued() >= waiting) {
      const last = standing === 'calm' ? queues.suspect.pop() : undefined;
      if (last === undefined) return false;
      last.turnAway();
    }
    return new Promise((resolve) => {
      queues[standing].push({ go: () => resolve(true), turnAway: () => resolve(false) });
    });
  }

  function done(): void {
    const next = queues.calm.shift() ?? queues.suspect.shift();
    if (next === undefined) underway--;
    else next.go();
  }

  return {
    async run(standing, work) {
      if (!(await turn(standing))) return null;
      try {
        return { value: await work() };
      } finally {
        done();
      }
    },
    get load() {
      return underway + queued();
    },
  };
}
