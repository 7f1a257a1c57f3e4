import type { LogStream } from '../worker-wire.ts';
import { backoffMs } from './backoff.ts';
import { chunks } from './chunks.ts';
import { ApiError } from './errors.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';

export interface FollowOptions {
  readonly stream?: LogStream | undefined;
  /** Absent: the latest attempt; if there is none yet, the first one that starts. */
  readonly attempt?: number | undefined;
  /** First byte. */
  readonly start?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLost?: ((error: unknown, failures: number) => void) | undefined;
  /** Called when it is known which attempt is being read. */
  readonly onAttempt?: ((attempt: number) => void) | undefined;
}

/**
 * Output of one attempt as it comes, until the attempt has ended and all is read. Opened again where it broke off. Ends early,
 * quietly, when `signal` is aborted. A task that ended without ever starting has no output: it ends at once.
 */
export async function* followLog(http: Http, task: number, options: FollowOptions): AsyncGenerator<Uint8Array> {
  const { signal, stream } = options;
  let attempt = options.attempt;
  const over = (): boolean => signal?.aborted === true;
  let start = options.start ?? 0;
  for (let failures = 0; !over(); ) {
    try {
      const query = queryString({ stream, attempt, start, follow: true });
      const response = await http.raw(`/v1/tasks/${task}/log${query}`, { signal });
      failures = 0;
      // 204: it has not started yet; the server has waited for a while, so ask again at once.
      if (response.status === 204) continue;
      attempt = told(response, attempt, options);
      if (response.body === null) return;
      for await (const bytes of chunks(response.body)) {
        start += bytes.length;
        yield bytes;
      }
      return;
    } catch (error) {
      if (over()) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      options.onLost?.(error, failures);
    }
    try {
      await http.wait(backoffMs(failures++), signal);
    } catch {
      return;
    }
  }
}

function told(response: Response, known: number | undefined, options: FollowOptions): number | undefined {
  const number = Number(response.headers.get('x-log-attempt') ?? Number.NaN);
  if (!Number.isSafeInteger(number) || number < 1) return known;
  if (number !== known) options.onAttempt?.(number);
  return number;
}
