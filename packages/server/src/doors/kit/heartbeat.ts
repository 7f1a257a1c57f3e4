import type { Clock, Timer } from '../../ports/clock.ts';

/** Calls `beat` every `everyMs` until stopped; `beat` may stop it. */
export function startHeartbeat(clock: Clock, everyMs: number, beat: () => void): () => void {
  let timer: Timer | null = null;
  let stopped = false;
  const arm = (): void => {
    timer = clock.after(everyMs, () => {
      beat();
      if (!stopped) arm();
    });
  };
  arm();
  return () => {
    stopped = true;
    timer?.cancel();
  };
}
