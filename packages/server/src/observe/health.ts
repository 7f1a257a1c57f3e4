import type { Clock } from '../ports/clock.ts';

/** Whether work is taken. Told by `app/` as the server starts and stops; asked by `/readyz`, which looks for itself too. */
export interface Health {
  /** Null: ready; else one sentence why not. Looks at most once a second, however many ask. */
  notReady(): Promise<string | null>;
  ready(): void;
  /** Not any more, and why: stopping, a store that failed. */
  unready(why: string): void;
}

/** One look: null, or a sentence. */
export type Look = () => Promise<string | null>;

const freshMs = 1_000;
const patienceMs = 5_000;

export function createHealth(clock: Clock, looks: readonly Look[] = []): Health {
  let why: string | null = 'The server is starting';
  let last: { at: number; found: Promise<string | null> } | null = null;

  async function look(): Promise<string | null> {
    const found = await Promise.all(looks.map((one) => inTime(clock, one)));
    return found.find((text) => text !== null) ?? null;
  }

  return {
    async notReady() {
      if (why !== null) return why;
      const now = clock.monotonic();
      if (last === null || now - last.at >= freshMs) last = { at: now, found: look() };
      const found = await last.found;
      return why ?? found;
    },
    ready: () => {
      why = null;
    },
    unready: (reason) => {
      why = reason;
    },
  };
}

/** A disk that hangs is not ready either. */
async function inTime(clock: Clock, look: Look): Promise<string | null> {
  const late = Promise.withResolvers<string | null>();
  const timer = clock.after(patienceMs, () => late.resolve(`The disk has not answered for ${patienceMs / 1_000} s`));
  const seen = look().catch(
    (error: unknown) => `It cannot be looked at: ${error instanceof Error ? error.message : String(error)}`,
  );
  const found = await Promise.race([seen, late.promise]);
  timer.cancel();
  return found;
}
