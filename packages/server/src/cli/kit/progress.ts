import type { JobView } from '@switchyard/sdk/job.ts';
import { newBar } from './new-bar.ts';
import { endedOf } from './states.ts';

/** A bar on standard error for the tasks of a job; null where nobody would see it. */
export interface JobBar {
  show(job: JobView): void;
  stop(): void;
}

export function jobBar(stream: NodeJS.WriteStream = process.stderr): JobBar | null {
  if (stream.isTTY !== true) return null;
  const bar = newBar('{bar} {value}/{total} {percentage}%  {counts}  {duration_formatted}', stream);
  let started = false;
  return {
    show: (job) => {
      const counts = `${job.counts.running} running, ${job.counts.failed} failed`;
      if (!started) bar.start(job.total, endedOf(job.counts), { counts });
      started = true;
      bar.setTotal(job.total);
      bar.update(endedOf(job.counts), { counts });
    },
    stop: () => {
      if (started) bar.stop();
      started = false;
    },
  };
}
