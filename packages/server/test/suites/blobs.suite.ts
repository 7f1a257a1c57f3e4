import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import type { Blobs } from '../../src/ports/files.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

export interface BlobsPlace {
  /** Opening again, after `close`, finds what was there. */
  open(options: { quotaBytes: number; maxBytes: number; clock: Clock }): Promise<Blobs>;
  remove(): Promise<void>;
}

const quotaBytes = 10_000;
const maxBytes = 4_000;
const random = createSeededRandom('blobs');
const bytesOf = (length: number): Uint8Array => random.bytes(length);
const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const minute = 60_000;

export async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The rules F1 to F5 of `src/ports/files.ts`, for every store of blobs. */
export function blobsSuite(name: string, make: () => Promise<BlobsPlace>): void {
  describe(`blobs: ${name}`, () => {
    let place: BlobsPlace;
    let clock: FakeClock;
    let blobs: Blobs;

    beforeEach(async () => {
      clock = createFakeClock();
      place = await make();
      blobs = await place.open({ quotaBytes, maxBytes, clock });
    });
    afterEach(async () => {
      await blobs.close();
      await place.remove();
    });

    async function put(bytes: Uint8Array): Promise<string> {
      const written = await blobs.write(inChunks(bytes, 700));
      if ('refused' in written) throw new Error(written.detail);
      return written.blob;
    }
    async function content(blob: string, range?: { start: number; end: number }): Promise<Uint8Array | null> {
      const found = await blobs.read(blob, range);
      return found === null ? null : new Uint8Array(await buffer(found.stream));
    }
    async function reopen(): Promise<void> {
      await blobs.close();
      blobs = await place.open({ quotaBytes, maxBytes, clock });
    }

    test('F1 the name is the SHA-256 of the bytes, however they are cut', async () => {
      const bytes = bytesOf(3000);
      for (const size of [1000, 1, 3000, 7]) {
        expect(await blobs.write(inChunks(bytes.slice(0, size * 5), size))).toEqual({
          blob: nameOf(bytes.subarray(0, size * 5)),
          size: Math.min(size * 5, 3000),
        });
      }
    });

    test('F1 no bytes are a blob too', async () => {
      const empty = nameOf(new Uint8Array());
      expect(await blobs.write(inChunks(new Uint8Array(), 1))).toEqual({ blob: empty, size: 0 });
      expect(await content(empty)).toEqual(new Uint8Array());
      expect(await blobs.size(empty)).toBe(0);
    });

    test('F1 nothing else is a name', async () => {
      const blob = await put(bytesOf(10));
      for (const bad of [
        '',
        '..',
        '../../etc/passwd',
        blob.toUpperCase(),
        blob.slice(1),
        `${blob}0`,
        `${blob}/`,
        `${blob}\n`,
        'incoming',
      ]) {
        expect(await blobs.read(bad)).toBeNull();
        expect(await blobs.size(bad)).toBeNull();
      }
      expect(await blobs.read('0'.repeat(64))).toBeNull();
    });

    test('what was written is read, whole or in part, also after a restart', async () => {
      const bytes = bytesOf(4000);
      const blob = await put(bytes);
      await reopen();
      expect(await content(blob)).toEqual(bytes);
      expect(await blobs.size(blob)).toBe(4000);
      expect(await content(blob, { start: 0, end: 0 })).toEqual(bytes.slice(0, 1));
      expect(await content(blob, { start: 10, end: 99 })).toEqual(bytes.slice(10, 100));
      expect(await content(blob, { start: 3990, end: 1_000_000 })).toEqual(bytes.slice(3990));
      expect(await content(blob, { start: 4000, end: 5000 })).toEqual(new Uint8Array());
      expect((await blobs.read(blob, { start: 4000, end: 5000 }))?.size).toBe(4000);
      expect(await blobs.usage()).toEqual({ blobs: 1, bytes: 4000 });
    });

    test('F2 an aborted write leaves nothing, and rejects with what the source threw', async () => {
      const bytes = bytesOf(3000);
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 2000);
        throw new Error('the sender went away');
      }
      await expect(blobs.write(broken())).rejects.toThrow('the sender went away');
      const stream = new Readable({ read: () => undefined });
      stream.push(bytes.subarray(0, 2000));
      const writing = blobs.write(stream);
      stream.destroy(new Error('connection reset'));
      await expect(writing).rejects.toThrow('connection reset');
      expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
      await reopen();
      expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
      expect(await blobs.read(nameOf(bytes.subarray(0, 2000)))).toBeNull();
    });

    test('F2 a blob cannot be seen before its last byte', async () => {
      const bytes = bytesOf(1000);
      const more = Promise.withResolvers<void>();
      const taken = Promise.withResolvers<void>();
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield bytes;
        taken.resolve();
        await more.promise;
      }
      const writing = blobs.write(slow());
      await taken.promise;
      expect(await blobs.size(nameOf(bytes))).toBeNull();
      more.resolve();
      expect(await writing).toEqual({ blob: nameOf(bytes), size: 1000 });
      expect(await content(nameOf(bytes))).toEqual(bytes);
    });

    test('F3 the size limit: the last byte that fits, and the one that does not', async () => {
      expect(await blobs.write(inChunks(bytesOf(maxBytes), 999))).toHaveProperty('size', maxBytes);
      expect(await blobs.write(inChunks(bytesOf(maxBytes + 1), 999))).toHaveProperty('refused', 'too_large');
      expect(await blobs.write(inChunks(bytesOf(100), 10), 100)).toHaveProperty('size', 100);
      expect(await blobs.write(inChunks(bytesOf(101), 10), 100)).toHaveProperty('refused', 'too_large');
      expect(await blobs.write(inChunks(bytesOf(maxBytes + 1), 999), maxBytes * 2)).toHaveProperty('refused', 'too_large');
      expect(await blobs.usage()).toEqual({ blobs: 2, bytes: maxBytes + 100 });
    });

    test('F3 a refused upload is not destroyed: its connection still has to carry the answer', async () => {
      const source = Readable.from(inChunks(bytesOf(200), 10), { objectMode: true });
      expect(await blobs.write(source, 100)).toHaveProperty('refused', 'too_large');
      expect(source.destroyed).toBe(false);
      source.destroy();
    });

    test('F3 the quota: filled to the last byte, one more is refused, what was there stays', async () => {
      const kept = [bytesOf(4000), bytesOf(4000), bytesOf(2000)];
      const names: string[] = [];
      for (const bytes of kept) names.push(await put(bytes));
      expect(await blobs.write(inChunks(bytesOf(1), 1))).toMatchObject({ refused: 'quota', detail: /10000 bytes/ });
      await reopen();
      expect(await blobs.write(inChunks(bytesOf(1), 1))).toHaveProperty('refused', 'quota');
      expect(await Promise.all(names.map((blob) => content(blob)))).toEqual(kept);
      expect(await blobs.usage()).toEqual({ blobs: 3, bytes: quotaBytes });
    });

    test('F3 writes at the same time cannot pass the quota together; a refused one gives its room back', async () => {
      const written = await Promise.all(Array.from({ length: 6 }, () => blobs.write(inChunks(bytesOf(3000), 500))));
      const { blobs: count, bytes } = await blobs.usage();
      expect(bytes).toBeLessThanOrEqual(quotaBytes);
      expect(written.filter((one) => 'blob' in one)).toHaveLength(count);
      expect(written.filter((one) => 'refused' in one && one.refused === 'quota')).toHaveLength(6 - count);
      expect(
        await blobs.write(inChunks(bytesOf(quotaBytes - bytes > maxBytes ? maxBytes : quotaBytes - bytes), 500)),
      ).toHaveProperty('blob');
    });

    test('F4 writing what exists changes nothing, even without room for a second one', async () => {
      const bytes = bytesOf(4000);
      const blob = await put(bytes);
      await put(bytesOf(4000));
      expect(await blobs.write(inChunks(bytes, 800))).toEqual({ blob, size: 4000 });
      expect(await blobs.usage()).toEqual({ blobs: 2, bytes: 8000 });
    });

    test('F4 the same bytes from many senders at once are one blob', async () => {
      const bytes = bytesOf(1000);
      const written = await Promise.all(Array.from({ length: 8 }, (_, i) => blobs.write(inChunks(bytes, 100 + i))));
      expect(new Set(written.map((one) => ('blob' in one ? one.blob : one.detail)))).toEqual(new Set([nameOf(bytes)]));
      expect(await blobs.usage()).toEqual({ blobs: 1, bytes: 1000 });
    });

    test('F5 a sweep removes what is old and not in use, and nothing else', async () => {
      const used = await put(bytesOf(100));
      const old = await put(bytesOf(200));
      await clock.advance(10 * minute);
      const young = await put(bytesOf(300));
      expect(await blobs.sweep(new Set([used]), 10 * minute)).toEqual({ removed: 0, bytes: 0 });
      await clock.advance(1);
      expect(await blobs.sweep(new Set([used]), 10 * minute)).toEqual({ removed: 1, bytes: 200 });
      expect(await Promise.all([used, old, young].map((blob) => blobs.size(blob)))).toEqual([100, null, 300]);
      expect(await blobs.usage()).toEqual({ blobs: 2, bytes: 400 });
      expect(await blobs.read(old)).toBeNull();
    });

    test('F5 age is that of the last writing: who was just told the name can rely on it', async () => {
      const bytes = bytesOf(100);
      const blob = await put(bytes);
      await clock.advance(10 * minute);
      await put(bytes);
      await clock.advance(5 * minute);
      await reopen();
      expect(await blobs.sweep(new Set(), 6 * minute)).toEqual({ removed: 0, bytes: 0 });
      expect(await content(blob)).toEqual(bytes);
    });

    test('F5 what is being read is never swept; afterwards it is', async () => {
      const bytes = bytesOf(4000);
      const blob = await put(bytes);
      const first = await blobs.read(blob);
      const second = await blobs.read(blob);
      await clock.advance(minute);
      expect(await blobs.sweep(new Set(), 0)).toEqual({ removed: 0, bytes: 0 });
      expect(new Uint8Array(await buffer(first!.stream))).toEqual(bytes);
      expect(await blobs.sweep(new Set(), 0)).toEqual({ removed: 0, bytes: 0 });
      const closed = new Promise((resolve) => second!.stream.once('close', resolve));
      second!.stream.destroy();
      await closed;
      expect(await blobs.sweep(new Set(), 0)).toEqual({ removed: 1, bytes: 4000 });
    });

    test('F5 sweeps beside writers and readers: who was told a name finds it', async () => {
      const samples = Array.from({ length: 5 }, () => bytesOf(500));
      let busy = true;
      const sweeping = (async () => {
        while (busy) {
          await clock.advance(2);
          await blobs.sweep(new Set(), 50);
        }
      })();
      await Promise.all(
        samples.map(async (bytes) => {
          for (let round = 0; round < 30; round++) {
            const blob = await put(bytes);
            const found = await content(blob);
            // It may have been swept between two turns of this test, but then as a whole.
            if (found !== null) expect(found).toEqual(bytes);
          }
        }),
      );
      busy = false;
      await sweeping;
      await clock.advance(minute);
      await blobs.sweep(new Set(), 0);
      expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
    });

    test('close ends readings and stalled writes, leaves nothing, and can be called twice', async () => {
      const blob = await put(bytesOf(4000));
      const reading = await blobs.read(blob);
      const taken = Promise.withResolvers<void>();
      async function* stalled(): AsyncGenerator<Uint8Array> {
        yield bytesOf(500);
        taken.resolve();
        await new Promise(() => undefined);
      }
      const writing = blobs.write(stalled());
      await taken.promise;
      await Promise.all([blobs.close(), blobs.close()]);
      expect(reading!.stream.destroyed).toBe(true);
      expect(await writing).toHaveProperty('refused', 'storage');
      expect(await blobs.write(inChunks(bytesOf(1), 1))).toHaveProperty('refused', 'storage');
      await reopen();
      expect(await blobs.usage()).toEqual({ blobs: 1, bytes: 4000 });
    });

    test('text instead of bytes is a bug of the caller', async () => {
      await expect(blobs.write(Readable.from(['text']))).rejects.toThrow(TypeError);
      expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
    });
  });
}
