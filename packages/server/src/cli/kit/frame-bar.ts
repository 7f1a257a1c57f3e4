import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { SingleBar } from 'cli-progress';
import { createFrameCount } from './frame-count.ts';

/** A bar on standard error for the frames of a render job, with the time left; null where nobody would see it. */
export interface FrameBar {
  job(job: JobDetail): void;
  progress(progress: ProgressEvent): void;
  stop(): void;
}

export function frameBar(frames: number, chunk: number, stream: NodeJS.WriteStream = process.stderr): FrameBar | null {
  if (stream.isTTY !== true) return null;
  const bar = new SingleBar({
    stream,
    format: '{bar} {value}/{total} frames {percentage}%  {now}  {duration_formatted}, {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: false,
    stopOnComplete: false,
    autopadding: true,
    // As many as a whole chunk and more: frames come in bursts.
    etaBuffer: 50,
  });
  const count = createFrameCount(frames, chunk);
  bar.start(frames, 0, { now: 'waiting' });
  const show = (): void => bar.update(count.done, { now: count.now });
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
