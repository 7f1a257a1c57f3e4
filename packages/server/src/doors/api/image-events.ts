import type { JobId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Engine, FeedFilter } from '../../engine/engine.ts';
import type { Clock, Timer } from '../../ports/clock.ts';

/** Told at most this often, each job once. */
const everyMs = 250;

/**
 * That a job shows another picture, beside the changes: events without a number, not replayed. A reader that does not keep up
 * hears of each job once when it does again.
 */
export function startImageEvents(
  engine: Pick<Engine, 'images' | 'query'>,
  by: Principal,
  filter: FeedFilter,
  { clock, ready, push }: { clock: Clock; ready: () => boolean; push: (text: string) => void },
): { stop(): void } {
  const pending = new Set<JobId>();
  let timer: Timer | null = null;
  let stopped = false;

  async function textOf(job: JobId): Promise<string> {
    const seen = await engine.query.job(by, job);
    return seen.refusal === undefined ? `event: image\ndata: ${JSON.stringify({ job })}\n\n` : '';
  }

  async function flush(): Promise<void> {
    timer = null;
    if (ready()) {
      const jobs = [...pending];
      pending.clear();
      const text = (await Promise.all(jobs.map(textOf))).join('');
      if (!stopped && text !== '') push(text);
    }
    if (pending.size > 0) arm();
  }

  function arm(): void {
    if (stopped) return;
    timer ??= clock.after(everyMs, () => void flush());
  }

  const off = engine.images.onShown((job) => {
    if (filter.job !== undefined && filter.job !== job) return;
    pending.add(job);
    arm();
  });
  return {
    stop() {
      stopped = true;
      off();
      timer?.cancel();
    },
  };
}
