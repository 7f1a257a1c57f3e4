import { Readable } from 'node:stream';
import type { Change } from '../../domain/change.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Feed, FeedFilter } from '../../engine/engine.ts';
import type { Clock } from '../../ports/clock.ts';
import { startHeartbeat } from '../kit/heartbeat.ts';
import { timeOf } from './views/time.ts';

/** Made once per change, whoever follows. */
const texts = new WeakMap<Change, string>();

/** One change as a server-sent event; its data stands as JSON text and passes as it is. */
export function eventText(change: Change): string {
  const known = texts.get(change);
  if (known !== undefined) return known;
  const { number, kind, job, task, worker } = change;
  const head = JSON.stringify({ number, at: timeOf(change.at), kind, job, task, worker });
  const text = `id: ${number}\nevent: ${kind}\ndata: ${head.slice(0, -1)},"data":${change.json}}\n\n`;
  texts.set(change, text);
  return text;
}

/**
 * The feed as `text/event-stream`: `hello` with the number from which it goes on, then changes. Pulled by the reader: one that
 * does not keep up is served from the store, nothing is piled up for it.
 */
export function changeStream(
  feed: Feed,
  by: Principal,
  filter: FeedFilter,
  since: number | null,
  signal: AbortSignal,
  heart: { readonly clock: Clock; readonly everyMs: number },
  /** Starts what is told beside the changes; null: nothing is. */
  beside: ((ready: () => boolean, push: (text: string) => void) => { stop(): void }) | null = null,
): Readable {
  const from = since ?? feed.newest;
  const events = feed.follow(by, filter, from, signal)[Symbol.asyncIterator]();
  let pulling = false;
  const stream = new Readable({
    read() {
      if (!pulling) void pull();
    },
    destroy(error, done) {
      stop();
      side?.stop();
      void events.return?.();
      done(error);
    },
  });
  const stop = startHeartbeat(heart.clock, heart.everyMs, () => {
    if (stream.readableLength === 0) stream.push(':\n\n');
  });

  const side = beside?.(
    () => stream.readableLength === 0,
    (text) => void stream.push(text),
  );

  async function pull(): Promise<void> {
    pulling = true;
    try {
      for (let more = true; more; ) {
        const next = await events.next();
        if (stream.destroyed) return;
        more = next.done !== true && stream.push(textOf(next.value));
        if (next.done === true) stream.push(null);
      }
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      pulling = false;
    }
  }

  stream.push(`id: ${from}\nevent: hello\ndata: {"newest":${feed.newest}}\n\n`);
  return stream;
}

function textOf(page: { changes: readonly Change[] } | { reset: number }): string {
  if ('reset' in page) return `id: ${page.reset}\nevent: reset\ndata: {"newest":${page.reset}}\n\n`;
  return page.changes.map(eventText).join('');
}
