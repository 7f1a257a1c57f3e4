import { type ErrorCode, type Result, refuse } from '../domain/errors.ts';
import type { JobId, TaskId } from '../domain/ids.ts';
import { may, type Principal } from '../domain/principal.ts';
import type { Unsubscribe } from '../ports/bus.ts';
import type { ImageRefusal, ImageSource, Images, LatestImage } from '../ports/images.ts';
import type { Feed } from './engine.ts';
import type { EngineQueries } from './queries.ts';

export type { ImageSource, LatestImage };

/** The newest picture of each job, for those who may see the job; they go with it. */
export interface JobImages {
  /** From whoever runs the task, or ran it last. Settles when it is shown. */
  put(by: Principal, task: TaskId, source: ImageSource): Promise<Result<LatestImage>>;
  of(by: Principal, job: JobId): Promise<Result<LatestImage>>;
  /** Of the job that got one last. */
  newest(by: Principal): Promise<Result<LatestImage>>;
  onShown(call: (job: JobId, name: string) => void): Unsubscribe;
}

const codes: Readonly<Record<ImageRefusal, ErrorCode>> = {
  busy: 'too_many',
  outside: 'forbidden',
  unreadable: 'not_found',
  unsupported: 'unsupported',
  too_large: 'too_large',
  slow: 'timeout',
  storage: 'storage',
};

export interface JobImagesDeps {
  /** Null: this server keeps none. */
  readonly images: Images | null;
  readonly query: Pick<EngineQueries, 'job' | 'task'>;
  readonly feed: Pick<Feed, 'subscribe'>;
  failed(where: string, cause: unknown): void;
}

export function createJobImages({ images, query, feed, failed }: JobImagesDeps): JobImages & { close(): void } {
  const none = refuse('not_found', 'There is no picture yet');
  const stop = feed.subscribe({ kinds: ['job.deleted'] }, (changes) => {
    for (const { job } of changes) if (job !== null) images?.drop(job).catch((cause: unknown) => failed('images', cause));
  });

  async function of(by: Principal, job: JobId): Promise<Result<LatestImage>> {
    const seen = await query.job(by, job);
    if (seen.refusal !== undefined) return seen;
    const image = (await images?.of(job)) ?? null;
    return image === null ? none : { value: image };
  }

  return {
    async put(by, task, source) {
      if (!may(by, 'worker:run')) return refuse('forbidden', `${by.name} runs no tasks`);
      const shown = await query.task(by, task);
      if (shown.refusal !== undefined) return shown;
      if (images === null) return refuse('unsupported', 'This server keeps no pictures');
      const put = await images.put(shown.value.job.id, source);
      return 'shown' in put ? { value: put.shown } : refuse(codes[put.refused], put.detail);
    },
    of,
    async newest(by) {
      const job = images?.newest ?? null;
      return job === null ? none : of(by, job);
    },
    onShown: (call) => images?.onShown(call) ?? (() => {}),
    close: stop,
  };
}
