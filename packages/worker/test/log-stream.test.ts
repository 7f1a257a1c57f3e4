import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeLogFrame } from '@switchyard/sdk/worker-wire.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogSpool } from '../src/log-spool.ts';
import { LogStream } from '../src/log-stream.ts';
import { FakeSystem } from './lib/fake-system.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Byte i of the output: tells its offset apart from its neighbours. */
const byteAt = (offset: number) => (offset * 31 + (offset >> 8)) & 255;
const piece = (offset: number, length: number) => Uint8Array.from({ length }, (_, index) => byteAt(offset + index));

test('spool: what fits comes back as it was', () => {
  const spool = new LogSpool(join(folder, 's'), 100);
  spool.append(1_000, piece(1_000, 30));
  spool.append(1_030, piece(1_030, 70));
  const seen: number[] = [];
  for (let part = spool.read(16); part !== null; part = spool.read(16)) {
    expect(part.bytes).toEqual(Buffer.from(piece(part.offset, part.bytes.length)));
    for (let i = 0; i < part.bytes.length; i += 1) seen.push(part.offset + i);
  }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => 1_000 + index));
  spool.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('spool: over its cap the head and the tail are kept, with true offsets', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 64 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
      (cap, lengths) => {
        const spool = new LogSpool(join(folder, 's'), cap);
        const half = Math.floor(cap / 2);
        let end = 7;
        for (const length of lengths) {
          spool.append(end, piece(end, length));
          end += length;
        }
        const kept = new Set<number>();
        for (let part = spool.read(9); part !== null; part = spool.read(9)) {
          expect([...part.bytes]).toEqual([...piece(part.offset, part.bytes.length)]);
          for (let i = 0; i < part.bytes.length; i += 1) kept.add(part.offset + i);
        }
        for (let offset = 7; offset < end; offset += 1)
          expect(kept.has(offset)).toBe(offset < 7 + half || offset >= Math.max(7 + half, end - half));
        spool.close();
      },
    ),
    { numRuns: 200 },
  );
});

test('spool: a disk that takes nothing loses the bytes, not the count', () => {
  const spool = new LogSpool(join(folder, 'no/such/folder'), 100);
  spool.append(0, piece(0, 10));
  expect(spool.empty).toBe(true);
  expect(spool.read(10)).toBeNull();
});

type Move =
  | { readonly move: 'write'; readonly bytes: number }
  | { readonly move: 'cut' | 'back' | 'turn' }
  | { readonly move: 'commit'; readonly part: number };

const moves = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        move: fc.constant('write' as const),
        bytes: fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1, max: 400_000 })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ move: fc.constantFrom('cut' as const, 'back' as const, 'turn' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ move: fc.constant('commit' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
  ),
  { maxLength: 60 },
);

/** A server that commits frames in order, idempotent by offset, and a stream that is cut and comes back at random. */
function play(script: readonly Move[], spoolBytes: number) {
  const system = new FakeSystem();
  const seen: { offset: number; bytes: Uint8Array }[] = [];
  let online = true;
  let paused = false;
  let end = 0;
  /** What has arrived in this connection; only some of it is committed when it is cut. */
  let arrived = 0;
  let committed = 0;
  /** The first frame of this connection. */
  let since = 0;
  const send = (frame: Uint8Array) => {
    expect(online).toBe(true);
    const log = decodeLogFrame(frame)!;
    expect(log.bytes.length).toBeLessThanOrEqual(262_144);
    expect(log.offset).toBeGreaterThanOrEqual(arrived);
    arrived = log.offset + log.bytes.length;
    seen.push({ offset: log.offset, bytes: log.bytes.slice() });
    const open = seen.slice(since).filter((entry) => entry.offset + entry.bytes.length > committed);
    const uncommitted = open.reduce((sum, entry) => sum + entry.bytes.length, 0);
    expect(uncommitted).toBeLessThanOrEqual(1_048_576 + 400_000 + 262_144);
  };
  const spool = () => new LogSpool(join(folder, 's'), spoolBytes);
  const stream = new LogStream({ task: 1, attempt: 1, stream: 'out' }, { system, spool, send, allSent: () => {} }, true);
  stream.attach({
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
  });
  const back = () => {
    online = true;
    arrived = committed;
    since = seen.length;
    stream.online(committed);
  };
  for (const step of script) {
    if (step.move === 'write' && !paused) {
      stream.write(big.subarray(end % 251, (end % 251) + step.bytes));
      end += step.bytes;
    } else if (step.move === 'cut' && online) {
      stream.offline();
      online = false;
    } else if (step.move === 'back' && !online) back();
    else if (step.move === 'turn') system.turn(20);
    else if (step.move === 'commit' && online) {
      committed += Math.floor((arrived - committed) * step.part);
      stream.committed(committed);
    }
  }
  if (!online) back();
  stream.flush();
  for (let turn = 0; turn < 1_000 && !(stream.sent && committed === end); turn += 1) {
    committed = arrived;
    stream.committed(committed);
  }
  expect(stream.produced).toBe(end);
  expect(arrived).toBe(end);
  expect(stream.sent).toBe(true);
  expect(paused).toBe(false);
  stream.close();
  expect(system.timers).toBe(0);
  return { seen, end };
}

/** Byte i of the output is i mod 251, wherever it is cut. */
const big = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);

function check(seen: readonly { offset: number; bytes: Uint8Array }[], end: number): number {
  let at = 0;
  let missing = 0;
  for (const { offset, bytes } of seen) {
    expect(Buffer.compare(bytes, big.subarray(offset % 251, (offset % 251) + bytes.length))).toBe(0);
    if (offset > at) missing += offset - at;
    at = Math.max(at, offset + bytes.length);
  }
  expect(at).toBe(end);
  return missing;
}

test('stream: whatever is cut and committed when, every byte arrives in order and the pipe flows again', () => {
  fc.assert(
    fc.property(moves, (script) => {
      const { seen, end } = play(script, 64_000_000);
      expect(check(seen, end)).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test('stream: what was gathered when the window became full comes before what is spooled', () => {
  const script: Move[] = [
    { move: 'cut' },
    ...Array.from({ length: 3 }, (): Move => ({ move: 'write', bytes: 349_000 })),
    { move: 'write', bytes: 20_000 },
    { move: 'write', bytes: 100 },
  ];
  const { seen, end } = play(script, 64_000_000);
  expect(check(seen, end)).toBe(0);
});

test('stream: with a small spool the middle is skipped, what arrives is true', () => {
  fc.assert(
    fc.property(moves, (script) => {
      const { seen, end } = play(script, 300_000);
      check(seen, end);
    }),
    { numRuns: 100 },
  );
  const long: Move[] = [
    { move: 'cut' },
    ...Array.from({ length: 20 }, (): Move => ({ move: 'write', bytes: 200_000 })),
    { move: 'back' },
  ];
  const { seen, end } = play(long, 300_000);
  expect(check(seen, end)).toBeGreaterThan(2_000_000);
});

test('stream: small pieces are gathered for 20 ms; a silent stream sends nothing', () => {
  const system = new FakeSystem();
  const frames: Uint8Array[] = [];
  const stream = new LogStream(
    { task: 1, attempt: 1, stream: 'err' },
    { system, spool: () => new LogSpool(join(folder, 's'), 10), send: (frame) => frames.push(frame), allSent: () => {} },
    true,
  );
  stream.flush();
  system.turn(100);
  expect(frames).toEqual([]);
  for (let i = 0; i < 10; i += 1) stream.write(piece(i, 1));
  system.turn(19);
  expect(frames).toEqual([]);
  system.turn(1);
  expect(frames.map((frame) => decodeLogFrame(frame)?.bytes.length)).toEqual([10]);
  stream.write(new Uint8Array(70_000));
  expect(frames).toHaveLength(2);
});

test('stream: closed or leaving, it never keeps the task waiting', () => {
  const system = new FakeSystem();
  const frames: Uint8Array[] = [];
  const calls: string[] = [];
  const make = () => {
    const stream = new LogStream(
      { task: 1, attempt: 1, stream: 'out' },
      { system, spool: () => new LogSpool(join(folder, 's'), 10), send: (frame) => frames.push(frame), allSent: () => {} },
      true,
    );
    stream.attach({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
    for (let i = 0; i < 20; i += 1) stream.write(new Uint8Array(60_000));
    return stream;
  };
  const leaving = make();
  expect(calls).toEqual(['pause']);
  leaving.leave();
  expect(calls).toEqual(['pause', 'resume']);
  const sent = frames.length;
  leaving.write(new Uint8Array(100_000));
  expect(leaving.produced).toBe(1_300_000);
  expect(frames).toHaveLength(sent);
  const closed = make();
  closed.close();
  closed.write(new Uint8Array(100_000));
  expect(calls).toEqual(['pause', 'resume', 'pause', 'resume']);
  expect(system.timers).toBe(0);
});
