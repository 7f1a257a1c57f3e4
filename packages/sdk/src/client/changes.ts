import type { ChangeView, ProgressEvent } from '../change.ts';
import type { PrinterLive } from '../printer.ts';
import { backoffMs } from './backoff.ts';
import { chunks } from './chunks.ts';
import { ApiError } from './errors.ts';
import type { Http } from './http.ts';
import { queryString } from './query-string.ts';
import { readSse, type SseEvent } from './sse.ts';

export interface ChangesOptions {
  /** Everything after this number; absent: from now on. */
  readonly since?: number | undefined;
  readonly job?: number | undefined;
  readonly task?: number | undefined;
  readonly worker?: number | undefined;
  /** Kinds of changes, such as `task.changed`. */
  readonly kinds?: readonly string[] | undefined;
  /** Also how far running tasks are: newest values, not replayed. */
  readonly progress?: boolean | undefined;
  /** Also which jobs show another picture and which printers something new: not replayed. */
  readonly live?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when the connection is lost, before it is tried again; throw to give up. */
  readonly onLost?: ((error: unknown, failures: number) => void) | undefined;
  /** Called whenever the stream stands: from then on nothing is missed. */
  readonly onOpen?: (() => void) | undefined;
}

/** `reset`: numbers asked for are no longer kept; read what you show anew, then go on. */
export type ChangeEvent =
  | { readonly type: 'change'; readonly change: ChangeView }
  | { readonly type: 'progress'; readonly progress: ProgressEvent }
  | { readonly type: 'image'; readonly job: number }
  /** `live: null`: the printer is away. */
  | { readonly type: 'report'; readonly worker: number; readonly live: PrinterLive | null }
  | { readonly type: 'reset'; readonly newest: number };

/**
 * Committed changes, live, without gap or double: a broken connection is opened again after the last number seen. Ends when
 * `signal` is aborted (quietly). A refusal that would be the same again (401, 403, 400, 404) is thrown.
 */
export async function* followChanges(http: Http, options: ChangesOptions): AsyncGenerator<ChangeEvent> {
  const { signal } = options;
  const over = (): boolean => signal?.aborted === true;
  let since = options.since;
  for (let failures = 0; !over(); ) {
    try {
      const response = await open(http, options, since);
      failures = 0;
      options.onOpen?.();
      for await (const event of readSse(chunks(response))) {
        // `hello` has a number too: a line that breaks before the first change must not lose what came meanwhile.
        if (event.id !== null) since = Number(event.id);
        const said = understood(event);
        if (said !== null) yield said;
      }
      options.onLost?.(new Error('the server ended the stream'), failures);
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

async function open(http: Http, options: ChangesOptions, since: number | undefined): Promise<ReadableStream<Uint8Array>> {
  const { job, task, worker, kinds, progress, live } = options;
  const query = queryString({ job, task, worker, kinds, progress, live, since });
  const headers = { accept: 'text/event-stream' };
  const response = await http.raw(`/v1/changes${query}`, { headers, signal: options.signal });
  if (response.body === null) throw new Error('the server sent no stream');
  return response.body;
}

function understood(event: SseEvent): ChangeEvent | null {
  if (event.event === 'reset') return { type: 'reset', newest: (JSON.parse(event.data) as { newest: number }).newest };
  if (event.event === 'progress') return { type: 'progress', progress: JSON.parse(event.data) as ProgressEvent };
  if (event.event === 'image') return { type: 'image', job: (JSON.parse(event.data) as { job: number }).job };
  if (event.event === 'report')
    return { type: 'report', ...(JSON.parse(event.data) as { worker: number; live: PrinterLive | null }) };
  return event.event === 'hello' ? null : { type: 'change', change: JSON.parse(event.data) as ChangeView };
}
