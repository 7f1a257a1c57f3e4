import { describe, expect, it } from 'vitest';
import type { LogPlace } from '../../src/engine/engine.ts';
import { until } from '../lib/until.ts';
import { does, refused, shell } from './lib/ask.ts';
import { admin, connect, ok, openYard, settle, submit, submitter, workerPrincipal, type Yard } from './lib/yard.ts';

const text = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString();
const at = (task: number, more: Partial<LogPlace> = {}): LogPlace => ({ task, attempt: 1, stream: 'out', ...more });

async function begun(yard: Yard) {
  const worker = await connect(yard, { slots: 1 });
  const [task] = (await submit(yard, { spec: shell({ retries: 1, backoffMs: 0 }) })).taskIds as [number];
  await settle();
  const append = (offset: number | null, words: string, options = {}, place = at(task)) =>
    yard.engine.logs.append(place, offset, Buffer.from(words), options);
  const read = async (start = 0, end: number | null = null) =>
    text(...ok(await yard.engine.logs.read(admin, at(task), { start, end })).parts.map(({ bytes }) => bytes));
  return { worker, task, append, read };
}

describe('appending', () => {
  it('is idempotent by offset, whole or in part', async () => {
    await using yard = await openYard();
    const { append, read } = await begun(yard);
    expect(ok(await append(0, 'hello ')).length).toBe(6);
    expect(ok(await append(0, 'hello ')).length).toBe(6);
    expect(ok(await append(3, 'lo world')).length).toBe(11);
    expect(ok(await append(null, '!')).length).toBe(12);
    expect(await read()).toBe('hello world!');
    expect(await read(6, 11)).toBe('world');
    expect(await read(99)).toBe('');
  });

  it('refuses a gap and says how far it is; a jump fills it and says so', async () => {
    await using yard = await openYard();
    const { append, read } = await begun(yard);
    ok(await append(0, 'head'));
    expect((await append(10, 'tail')).refusal).toMatchObject({
      code: 'conflict',
      detail: 'The log has 4 bytes; 10 is beyond its end',
    });
    expect(ok(await append(1_000, 'tail', { jump: true })).length).toBe(1_004);
    const all = await read();
    expect(all.length).toBe(1_004);
    expect(all).toMatch(/^head\n\[switchyard: 996 bytes of output were not kept]\n\n*tail$/);
  });

  it('many at once keep their order, also while the log moves from the store to its file', async () => {
    await using yard = await openYard();
    const { append, read } = await begun(yard);
    const lines = Array.from({ length: 300 }, (_, i) => `line ${i} ${'x'.repeat(i % 60)}\n`);
    const lengths = await Promise.all(lines.map((line) => append(null, line)));
    expect(lengths.at(-1)).toEqual({ value: { length: lines.join('').length } });
    expect(await read()).toBe(lines.join(''));
  });

  it('what a crash left beyond the committed length is written over', async () => {
    await using yard = await openYard();
    const { append, read, task } = await begun(yard);
    ok(await append(0, 'x'.repeat(5_000)));
    await yard.restart();
    const result = await yard.engine.logs.append(at(task), 5_000, Buffer.from('more'));
    expect(ok(result).length).toBe(5_004);
    expect((await read()).slice(4_998)).toBe('xxmore');
  });

  it('an attempt that never was has no log; each attempt and stream has its own', async () => {
    await using yard = await openYard();
    const { append, task, worker } = await begun(yard);
    expect((await append(0, 'x', {}, at(task, { attempt: 7 }))).refusal?.code).toBe('not_found');
    ok(await append(0, 'one', {}, at(task)));
    ok(await append(0, 'four', {}, at(task, { stream: 'err' })));
    await worker.end(task, 'failed');
    await yard.clock.advance(40_000);
    await settle();
    ok(await append(0, 'second', {}, at(task, { attempt: 2 })));
    expect(await yard.engine.logs.lengths(task, 1)).toEqual({ out: 3, err: 4, log: 0 });
    expect(await yard.engine.logs.lengths(task, 2)).toEqual({ out: 6, err: 0, log: 0 });
  });

  it('the committed length never falls', async () => {
    await using yard = await openYard();
    const { task } = await begun(yard);
    const input = { task, attempt: 1, stream: 'out', inline: null } as const;
    expect(await does(yard, 'appendLog', { ...input, length: 100 }, workerPrincipal)).toEqual({ length: 100 });
    expect(await does(yard, 'appendLog', { ...input, length: 40 }, workerPrincipal)).toEqual({ length: 100 });
    const stranger = { ...workerPrincipal, id: 'token:8' };
    expect(await refused(yard, 'appendLog', { ...input, length: 900 }, stranger)).toBe('stale');
  });
});

describe('following', () => {
  it('shows what is there, then what comes, and ends with the attempt', async () => {
    await using yard = await openYard();
    const { append, task, worker } = await begun(yard);
    ok(await append(0, 'first '));
    const seen: Uint8Array[] = [];
    const following = (async () => {
      for await (const bytes of yard.engine.logs.follow(admin, at(task), 2, new AbortController().signal)) seen.push(bytes);
    })();
    await until(() => text(...seen) === 'rst ');
    ok(await append(null, 'second'));
    await until(() => text(...seen) === 'rst second');
    await worker.end(task);
    await following;
  });

  it('shows head and tail of what outgrew the cap, and says what is missing', async () => {
    await using yard = await openYard();
    const { append, task, worker } = await begun(yard);
    const block = Buffer.alloc(262_144, 'y').toString();
    for (let i = 0; i < 10; i++) ok(await append(null, block));
    ok(await append(null, 'the end'));
    await worker.end(task);
    const seen: Uint8Array[] = [];
    for await (const bytes of yard.engine.logs.follow(admin, at(task), 0, new AbortController().signal)) seen.push(bytes);
    const all = text(...seen);
    expect(all).toMatch(/^y+\n\[switchyard: \d+ bytes in the middle were not kept]\ny+the end$/);
    expect(all.length).toBeLessThan(1_048_576 + 200);
  });

  it('is cut off by its reader, by the end of the server, and closed to foreigners', async () => {
    await using yard = await openYard();
    const { task } = await begun(yard);
    const stop = new AbortController();
    const mine = (async () => {
      for await (const _ of yard.engine.logs.follow(admin, at(task), 0, stop.signal)) throw new Error('nothing was written');
    })();
    const others = (async () => {
      for await (const _ of yard.engine.logs.follow(admin, at(task), 0, new AbortController().signal)) throw new Error('nothing');
    })();
    for await (const _ of yard.engine.logs.follow(submitter, at(task), 0, stop.signal)) throw new Error('not his');
    expect((await yard.engine.logs.read(submitter, at(task), { start: 0, end: null })).refusal?.code).toBe('not_found');
    stop.abort();
    await mine;
    await yard.restart();
    await others;
  });
});
