import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';

/** How many frames of a render job are there: those of ended chunks, and what running ones say of theirs. */
export interface FrameCount {
  readonly done: number;
  /** What goes on, in a few words. */
  readonly now: string;
  job(job: JobDetail): void;
  progress(progress: Pick<ProgressEvent, 'task' | 'done' | 'total' | 'unit'>): void;
}

/** `key` of the array whose tasks render (kinds/blender-render.ts). */
const renders = 'blender-render';

export function createFrameCount(frames: number, chunk: number): FrameCount {
  const running = new Map<number, number>();
  let ended = 0;
  let most = 0;
  let now = 'waiting';
  let range = { first: 0, last: 0 };
  return {
    get done() {
      let sum = Math.min(frames, ended * chunk);
      for (const done of running.values()) sum += done;
      // Never back: between the end of a chunk and its being counted its frames are there all the same.
      most = Math.max(most, Math.min(frames, sum));
      return most;
    },
    get now() {
      return now;
    },
    job(job) {
      const array = job.arrays.find(({ key }) => key === renders);
      if (array === undefined) return;
      range = { first: array.id, last: array.id + array.size - 1 };
      // A chunk that has ended is told by the count of the array; those that still run say it again.
      if (array.succeeded !== ended) running.clear();
      ended = array.succeeded;
      now = stageOf(job, array.succeeded === array.size);
    },
    progress({ task, done, unit }) {
      if (unit === 'frames' && task >= range.first && task <= range.last) running.set(task, Math.min(chunk, done));
    },
  };
}

function stageOf({ counts }: JobDetail, rendered: boolean): string {
  if (counts.failed > 0) return `${counts.failed} failed`;
  if (rendered) return 'finishing';
  return counts.running > 0 ? `${counts.running} running` : 'waiting';
}

/** Time left at the pace so far, ms. Null: nothing is done yet that would tell. */
export function timeLeft(done: number, total: number, ms: number): number | null {
  return done === 0 ? null : (ms / done) * (total - done);
}
