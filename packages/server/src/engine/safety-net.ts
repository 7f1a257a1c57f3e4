import type { Clock, Timer } from '../ports/clock.ts';
import type { SessionTable } from './session-table.ts';

/** A lost wake-up costs at most this long. */
const everyMs = 15_000;

/**
 * Looks everywhere now and then. Nothing needs it while all wake-ups arrive: it is there for the one that does not (another
 * server's, or one that a bug swallowed).
 */
export function createSafetyNet(deps: { clock: Clock; table: SessionTable; wakeAll(): void }): { close(): void } {
  let timer: Timer = deps.clock.after(everyMs, tick);

  function tick(): void {
    if (deps.table.size > 0) deps.wakeAll();
    timer = deps.clock.after(everyMs, tick);
  }

  return { close: () => timer.cancel() };
}
