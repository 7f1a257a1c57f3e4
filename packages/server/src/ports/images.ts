import type { JobId, Millis } from '../domain/ids.ts';
import type { Unsubscribe } from './bus.ts';

/**
 * The newest picture of each job, and of all. Rules (tested in `test/files/images.test.ts`):
 *
 * I1 What comes in is decoded and encoded anew (JPEG, quality 85, at most 1920 × 1080, never enlarged): no byte of the source is
 *    kept or shown.
 * I2 What a picture is, its content decides, not its name: PNG, JPEG, TIFF and WebP. Anything else (EXR) is refused.
 * I3 A path is read only if it is, all links resolved, a regular file below one of the configured roots.
 * I4 One is worked on, three wait; more are refused with `busy`, before a byte of them is read.
 * I5 Bytes, pixels and time are bounded.
 * I6 A picture appears whole or not at all; the newest one that was taken in wins. `drop` removes a job's.
 */
export interface Images {
  /** Settles when it is shown, or refused. Rejects only with what the source threw. */
  put(job: JobId, source: ImageSource): Promise<ImagePut>;
  /** Null: there is none. */
  of(job: JobId): Promise<LatestImage | null>;
  /** The job that got a picture last; null: none ever did. */
  readonly newest: JobId | null;
  drop(job: JobId): Promise<void>;
  /** Called when a picture is shown. */
  onShown(call: (job: JobId, name: string) => void): Unsubscribe;
  close(): Promise<void>;
}

/** `name` is shown to people only. */
export type ImageSource = { readonly path: string } | { readonly bytes: AsyncIterable<Uint8Array>; readonly name: string };

export type ImagePut = { readonly shown: LatestImage } | { readonly refused: ImageRefusal; readonly detail: string };

export type ImageRefusal = 'busy' | 'outside' | 'unreadable' | 'unsupported' | 'too_large' | 'slow' | 'storage';

export interface LatestImage {
  readonly job: JobId;
  /** JPEG. */
  readonly bytes: Uint8Array;
  readonly modifiedAt: Millis;
  /** Unlike that of every other picture of the job. */
  readonly version: string;
}
