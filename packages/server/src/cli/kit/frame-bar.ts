import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { createFrameCount, timeLeft } from './frame-count.ts';
import { newBar } from './new-bar.ts';
import { spanText } from './times.ts';

/** A bar on standard error for the frames of a render job, with the time left; null where nobody would see it. */
export interface FrameBar {
  job(job: JobDetail): void;
  progress(progress: ProgressEvent): void;
  stop(): void;
}

export function frameBar(frames: number, chunk: number, stream: NodeJS.WriteStream = process.stderr): FrameBar | null {
  if (stream.isTTY !== true) return null;
  const bar = newBar('{bar} {value}/{total} frames {percentage}%  {now}  {duration_formatted}{left}', stream);
  const count = createFrameCount(frames, chunk);
  bar.start(frames, 0, { now: 'waiting', left: '' });
  let since: number | null = null;
  const show = (): void => {
    const { done, now } = count;
    // Waiting for a worker says nothing about the pace.
    if (now !== 'waiting') since ??= performance.now();
    const left = since === null ? null : timeLeft(done, frames, performance.now() - since);
    bar.update(done, { now, left: left === null ? '' : `, ${spanText(left)} left` });
  };
  return {
    job(job) {
      count.job(job);
      show();
    },
    progress(progress) {
      count.progress(progress);
      show();
    },
    stop: () => bar.stop(),
  };
}
