import type { Client } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import { type Batch, createCollector } from './batch.ts';
import { createProgressBoard, type ProgressBoard } from './progress.ts';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'refused';

/** One connection to the change feed for the whole page; everything shown is brought up to date from it. */
export interface Live {
  readonly state: LiveState;
  readonly progress: ProgressBoard;
  onState(call: () => void): () => void;
  /** At most about three times a second, with what changed since. */
  onBatch(call: (batch: Batch) => void): () => void;
  stop(): void;
}

const everyMs = 300;

export function startLive(client: Client, onRefused: (error: ApiError) => void): Live {
  const abort = new AbortController();
  const collector = createCollector();
  const progress = createProgressBoard();
  const states = new Set<() => void>();
  const batches = new Set<(batch: Batch) => void>();
  let state: LiveState = 'connecting';
  let timer: ReturnType<typeof setTimeout> | null = null;

  const become = (next: LiveState): void => {
    if (next === state) return;
    state = next;
    for (const call of states) call();
  };
  const flush = (): void => {
    timer = null;
    const batch = collector.take();
    if (batch !== null) for (const call of batches) call(batch);
  };
  const soon = (): void => {
    timer ??= setTimeout(flush, everyMs);
  };

  async function read(): Promise<void> {
    const options = {
      progress: true,
      live: true,
      signal: abort.signal,
      onOpen: () => become('live'),
      onLost: () => become('reconnecting'),
    };
    for await (const event of client.changes(options)) {
      if (event.type === 'progress') {
        progress.put(event.progress);
        continue;
      }
      if (event.type === 'reset') collector.reset();
      else if (event.type === 'image') collector.image(event.job);
      else if (event.type === 'report') collector.report(event.worker);
      else collector.add(event.change);
      soon();
    }
  }
  read().catch((error: unknown) => {
    become('refused');
    if (error instanceof ApiError) onRefused(error);
  });

  return {
    progress,
    get state() {
      return state;
    },
    onState: (call) => listen(states, call),
    onBatch: (call) => listen(batches, call),
    stop() {
      abort.abort();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function listen<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => {
    all.delete(one);
  };
}
