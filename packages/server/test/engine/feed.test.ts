import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import type { FeedFilter } from '../../src/engine/engine.ts';
import { until } from '../lib/until.ts';
import { does, graph, shell } from './lib/ask.ts';
import { admin, connect, openYard, settle, submit, submitter, workerPrincipal, type Yard } from './lib/yard.ts';

/** Follows into a list, until the signal. */
function following(yard: Yard, since: number | null, by = admin, filter: FeedFilter = {}) {
  const seen: (Change | { reset: number })[] = [];
  const stop = new AbortController();
  const done = (async () => {
    for await (const page of yard.engine.feed.follow(by, filter, since, stop.signal)) {
      if ('reset' in page) seen.push(page);
      else seen.push(...page.changes);
    }
  })();
  const numbers = () => seen.flatMap((one) => ('number' in one ? [one.number] : []));
  const end = (): Promise<void> => {
    stop.abort();
    return done;
  };
  return { seen, numbers, stop: end };
}

describe('the feed', () => {
  it('replays from a number and goes on without gap or double', async () => {
    await using yard = await openYard();
    for (let i = 0; i < 20; i++) await submit(yard, {});
    const feed = following(yard, 5);
    for (let i = 0; i < 20; i++) void submit(yard, {});
    await settle();
    await until(() => feed.numbers().at(-1) === yard.engine.feed.newest);
    expect(feed.numbers()).toEqual(Array.from({ length: yard.engine.feed.newest - 5 }, (_, i) => i + 6));
    await feed.stop();
  });

  it('from now on, when no number is given', async () => {
    await using yard = await openYard();
    await submit(yard, {});
    const feed = following(yard, null);
    const { job } = await submit(yard, {});
    await until(() => feed.seen.length > 0);
    expect(feed.seen).toMatchObject([{ kind: 'job.created', job: job.id }]);
    await feed.stop();
  });

  it('a reader that is slower than memory gets the rest from the store, all of it', async () => {
    await using yard = await openYard();
    const { job } = await submit(yard, graph(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`t${i}`, []]))));
    // Each of these moves every task: more changes than memory keeps.
    for (let i = 0; i < 4; i++) {
      await does(yard, i % 2 === 0 ? 'hold' : 'release', { job: job.id });
      await settle();
    }
    for (let i = 0; i < 4; i++) {
      await does(yard, i % 2 === 0 ? 'hold' : 'release', { job: job.id });
      await settle();
    }
    const feed = following(yard, 0);
    await until(() => feed.numbers().at(-1) === yard.engine.feed.newest);
    expect(feed.numbers().length).toBe(yard.engine.feed.newest);
    expect(yard.engine.feed.newest).toBeGreaterThan(20_000);
    await feed.stop();
  });

  it('says reset when the number is not kept any more, or was never given', async () => {
    await using yard = await openYard();
    for (let i = 0; i < 10; i++) await submit(yard, {});
    await yard.store.trim({ what: 'changes', olderThan: yard.clock.now() + 1, keep: 3 });
    await yard.restart();
    const old = following(yard, 2);
    const strange = following(yard, 4_711);
    await until(() => old.seen.length > 0 && strange.seen.length > 0);
    const { newest } = yard.engine.feed;
    expect([old.seen, strange.seen]).toEqual([[{ reset: newest }], [{ reset: newest }]]);
    await submit(yard, {});
    await until(() => old.seen.length === 2 && strange.seen.length === 2);
    await Promise.all([old.stop(), strange.stop()]);
  });

  it('shows an own scope its own, and workers only to those who may read them', async () => {
    await using yard = await openYard();
    const mine = following(yard, 0, submitter);
    const blind = following(yard, 0, { ...submitter, rights: ['job:read'] });
    const none = following(yard, 0, workerPrincipal);
    await submit(yard, {});
    const { job } = await submit(yard, {}, submitter);
    await connect(yard);
    await settle();
    expect(mine.seen.every((one) => 'kind' in one && (one.job === job.id || one.kind.startsWith('worker.')))).toBe(true);
    expect(mine.seen.some((one) => 'kind' in one && one.kind === 'worker.created')).toBe(true);
    expect(blind.seen.length).toBeGreaterThan(0);
    expect(blind.seen.every((one) => 'job' in one && one.job === job.id)).toBe(true);
    expect(none.seen).toEqual([]);
    await Promise.all([mine.stop(), blind.stop(), none.stop()]);
  });

  it('is filtered by job, task, worker and kind, when followed and when subscribed', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const { job, taskIds } = await submit(yard, { spec: shell({ array: { from: 0, to: 1 } }) });
    await settle();
    const filters: FeedFilter[] = [
      { job: job.id },
      { task: taskIds[0]! },
      { worker: worker.id },
      { kinds: ['task.changed'] },
      { job: job.id, kinds: ['job.changed'] },
    ];
    const feeds = filters.map((filter) => following(yard, null, admin, filter));
    const called: number[][] = filters.map(() => []);
    const ends = filters.map((filter, i) =>
      yard.engine.feed.subscribe(filter, (changes) => void called[i]!.push(...changes.map(({ number }) => number))),
    );
    await settle();
    await submit(yard, {});
    for (const { task } of [...worker.got]) await worker.end(task.id);
    await settle();
    await until(() => feeds[0]!.seen.some((one) => 'kind' in one && one.json.includes('"state":"succeeded","from":"active"')));
    await settle();
    expect(feeds.map((feed) => feed.numbers())).toEqual(called);
    expect(called.map((numbers) => numbers.length)).toEqual([3, 1, 1, 3, 1]);
    for (const end of ends) end();
    const before = JSON.stringify(called);
    await submit(yard, {});
    await settle();
    expect(JSON.stringify(called)).toBe(before);
    await Promise.all(feeds.map((feed) => feed.stop()));
  });

  it('a listener that throws harms nobody', async () => {
    await using yard = await openYard();
    const seen: number[] = [];
    yard.engine.feed.subscribe({}, () => {
      throw new Error('bad listener');
    });
    yard.engine.feed.subscribe({}, (changes) => void seen.push(changes.length));
    await submit(yard, {});
    expect(seen).toEqual([1]);
    expect(yard.errors).toEqual(['engine:failed {"where":"feed","err":"bad listener"}']);
  });

  it('ends with the server', async () => {
    await using yard = await openYard();
    const feed = following(yard, 0);
    await settle();
    await yard.restart();
    await feed.stop();
  });
});

describe('progress', () => {
  const half = { done: 1, total: 2, unit: 'frames', phase: 'render' };

  it('of the present attempt is kept, signalled, and forgotten at its end', async () => {
    await using yard = await openYard();
    const worker = await connect(yard);
    const [task] = (await submit(yard, {})).taskIds as [number];
    const one: unknown[] = [];
    const all: number[] = [];
    yard.engine.progress(task, 1, half);
    await settle();
    const ends = [
      yard.engine.onProgress(task, (_, value) => void one.push(value)),
      yard.engine.onProgress(null, (id) => void all.push(id)),
    ];
    yard.engine.progress(task, 1, half);
    yard.engine.progress(task, 2, { ...half, done: 9 });
    yard.engine.progress(77, 1, half);
    await settle();
    expect([one, all, yard.engine.lastProgress(task)]).toEqual([[half], [task], half]);
    for (const end of ends) end();
    await worker.end(task);
    expect(yard.engine.lastProgress(task)).toBeNull();
    yard.engine.progress(task, 1, half);
    expect([one.length, yard.engine.lastProgress(task)]).toEqual([1, null]);
  });
});
