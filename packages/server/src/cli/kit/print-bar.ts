import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { newBar } from './new-bar.ts';
import { endedOf } from './states.ts';
import { spanText } from './times.ts';

/** How far the prints of a job are: those that have ended whole, those under way by the share of their files. */
export class PrintShare {
  readonly #running = new Map<number, number>();
  #ended = 0;
  #total = 0;

  job({ counts, total }: Pick<JobDetail, 'counts' | 'total'>): void {
    const ended = endedOf(counts);
    // Whichever it was that ended: the others will say again how far they are.
    if (ended > this.#ended) this.#running.clear();
    this.#ended = ended;
    this.#total = total;
  }

  progress({ task, done, total }: ProgressEvent): void {
    if (total !== null && total > 0) this.#running.set(task, Math.min(1, done / total));
  }

  /** 0 … 1 */
  get share(): number {
    if (this.#total === 0) return 0;
    const running = [...this.#running.values()].reduce((sum, part) => sum + part, 0);
    return Math.min(1, (this.#ended + running) / this.#total);
  }
}

export interface PrintBar {
  job(job: JobDetail): void;
  progress(progress: ProgressEvent): void;
  /** Until those that are under way have ended. */
  remaining(seconds: number | null): void;
  stop(): void;
}

/** A bar on standard error; null where nobody would see it. */
export function printBar(stream: NodeJS.WriteStream = process.stderr): PrintBar | null {
  if (stream.isTTY !== true) return null;
  const bar = newBar('{bar} {percentage}%  {counts}  {left}', stream);
  const share = new PrintShare();
  const facts = { counts: '', left: '' };
  let started = false;
  const show = (): void => {
    const value = Math.floor(share.share * 1_000);
    if (!started) bar.start(1_000, value, facts);
    started = true;
    bar.update(value, facts);
  };
  return {
    job(job) {
      share.job(job);
      const { running, suspended } = job.counts;
      if (endedOf(job.counts) === job.total) facts.left = '';
      facts.counts = `${endedOf(job.counts)}/${job.total} printed, ${running + suspended} under way`;
      show();
    },
    progress(progress) {
      share.progress(progress);
      show();
    },
    remaining(seconds) {
      facts.left = seconds === null ? '' : `about ${spanText(seconds * 1_000)} left`;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
