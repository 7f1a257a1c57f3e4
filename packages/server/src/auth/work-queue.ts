/**
 * Whose work it is, the best first: from an address that has been right for this account lately (`known`), that has made hardly
 * any mistakes (`calm`), or that has (`suspect`). The better goes first, and is never turned away for a worse one.
 */
export const standings = ['known', 'calm', 'suspect'] as const;
export type Standing = (typeof standings)[number];

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
  const queues: Readonly<Record<Standing, Waiter[]>> = { known: [], calm: [], suspect: [] };
  let underway = 0;
  const queued = (): number => standings.reduce((sum, standing) => sum + queues[standing].length, 0);
  const worseThan = (standing: Standing): Standing[] => standings.slice(standings.indexOf(standing) + 1).reverse();

  /** True: it is this work's turn. A newcomer takes the place of the worst, and of these the one that came last. */
  function turn(standing: Standing): Promise<boolean> | boolean {
    if (underway < atOnce) {
      underway++;
      return true;
    }
    if (queued() >= waiting) {
      const worse = worseThan(standing).find((one) => queues[one].length > 0);
      const last = worse === undefined ? undefined : queues[worse].pop();
      if (last === undefined) return false;
      last.turnAway();
    }
    return new Promise((resolve) => {
      queues[standing].push({ go: () => resolve(true), turnAway: () => resolve(false) });
    });
  }

  function done(): void {
    const next = queues.known.shift() ?? queues.calm.shift() ?? queues.suspect.shift();
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
