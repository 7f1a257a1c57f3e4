import type { Principal } from '../../domain/principal.ts';
import type { Engine, FeedFilter } from '../../engine/engine.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { printersOf } from './printers.ts';

/** Told at most this often, each thing once. */
const everyMs = 250;

type Pushing = { readonly clock: Clock; readonly ready: () => boolean; readonly push: (text: string) => void };

/**
 * Beside the changes: `image` when a job shows another picture, `report` with what a printer shows of itself. Events
 * without a number, not replayed; a picture is read by whoever shows it. A reader that does not keep up hears of
 * each once when it does again.
 */
export function startLiveEvents(
  engine: Pick<Engine, 'images' | 'reports' | 'query'>,
  by: Principal,
  filter: FeedFilter,
  how: Pushing,
): { stop(): void } {
  const printers = printersOf(engine);
  const fits = (asked: number | undefined, id: number): boolean => asked === undefined || asked === id;
  const images = collect(how, async (job) =>
    (await engine.query.job(by, job)).refusal === undefined ? eventText('image', { job }) : '',
  );
  // Whose a printer is never changes: asked once. The values stand in memory.
  const seen = new Map<number, Promise<boolean>>();
  const sees = (worker: number): Promise<boolean> => {
    const known = seen.get(worker) ?? printers.sees(by, worker);
    seen.set(worker, known);
    return known;
  };
  const reports = collect(how, async (worker) =>
    (await sees(worker)) ? eventText('report', { worker, live: printers.live(worker) }) : '',
  );
  const offs = [
    engine.images.onShown((job) => fits(filter.job, job) && images.put(job)),
    engine.reports.follow((worker) => fits(filter.worker, worker) && reports.put(worker)),
  ];
  return {
    stop() {
      for (const off of offs) off();
      images.stop();
      reports.stop();
    },
  };
}

const eventText = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** What was named since the last time, told together; `textOf` an id is empty for who may not see it. */
function collect({ clock, ready, push }: Pushing, textOf: (id: number) => Promise<string>) {
  const pending = new Set<number>();
  let timer: Timer | null = null;
  let stopped = false;

  async function flush(): Promise<void> {
    timer = null;
    if (ready()) {
      const ids = [...pending];
      pending.clear();
      const text = (await Promise.all(ids.map(textOf))).join('');
      if (!stopped && text !== '') push(text);
    }
    if (pending.size > 0) arm();
  }

  function arm(): void {
    if (stopped) return;
    timer ??= clock.after(everyMs, () => void flush());
  }

  return {
    put(id: number) {
      pending.add(id);
      arm();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
