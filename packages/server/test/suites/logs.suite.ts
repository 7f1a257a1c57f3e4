import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogAddress, LogFiles } from '../../src/ports/files.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

export interface LogsPlace {
  /** Opening again, after `close`, finds what was there. */
  open(options: { capBytes: number }): Promise<LogFiles>;
  /** Bytes that all files together have now, and how many files there are. */
  disk(): Promise<{ files: number; bytes: number }>;
  remove(): Promise<void>;
}

const capBytes = 1000;
const log: LogAddress = { task: 12_345, attempt: 1, stream: 'out' };

/** Every offset has its own byte, so that a misplaced one is seen. */
export function bytesAt(offset: number, length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(offset + i + 1 + salt * 7919, 2_654_435_761) >>> 24);
}

/** The rules L1 to L5 of `src/ports/files.ts`, for every place that keeps logs. */
export function logsSuite(name: string, make: () => Promise<LogsPlace>): void {
  describe(`logs: ${name}`, () => {
    let place: LogsPlace;
    let logs: LogFiles;

    beforeEach(async () => {
      place = await make();
      logs = await place.open({ capBytes });
    });
    afterEach(async () => {
      await logs.close();
      await place.remove();
    });

    async function reopen(cap = capBytes): Promise<void> {
      await logs.close();
      logs = await place.open({ capBytes: cap });
    }
    const put = (from: number, to: number, at = log): Promise<void> => logs.write(at, from, bytesAt(from, to - from));
    /** What is shown, as `from-to` of every part; the bytes are checked on the way. */
    async function parts(length: number, start = 0, end = length, at = log): Promise<string[]> {
      const slice = await logs.read(at, length, start, end);
      return slice.parts.map((part) => {
        expect(part.bytes).toEqual(bytesAt(part.offset, part.bytes.length));
        return `${part.offset}-${part.offset + part.bytes.length}`;
      });
    }

    test('L1 bytes are at the offset where they were put, in any piece and range, also after a restart', async () => {
      await put(0, 10);
      await put(10, 11);
      await put(11, 400);
      expect(await parts(400)).toEqual(['0-400']);
      expect(await parts(400, 5, 12)).toEqual(['5-12']);
      expect(await parts(400, 400, 500)).toEqual([]);
      expect(await parts(400, -5, 3)).toEqual(['0-3']);
      await reopen();
      expect(await parts(400)).toEqual(['0-400']);
      await put(400, 450);
      expect(await parts(450)).toEqual(['0-450']);
    });

    test('L1 writing the same bytes again changes nothing, in the head, in the tail and where all is cut', async () => {
      await put(0, 1700);
      const before = await parts(1700);
      for (const [from, to] of [
        [0, 100],
        [450, 600],
        [700, 800],
        [1150, 1300],
        [1699, 1700],
        [0, 1700],
      ] as const) {
        await put(from, to);
        expect(await parts(1700)).toEqual(before);
      }
      await reopen();
      await put(500, 700);
      expect(await parts(1700)).toEqual(before);
    });

    test('L1 streams, attempts and tasks are apart', async () => {
      const others: LogAddress[] = [
        log,
        { ...log, stream: 'err' },
        { ...log, attempt: 2 },
        { ...log, task: 12_346 },
        { ...log, task: 1 },
        { ...log, task: 9_007_199_254_740_991 },
      ];
      await Promise.all(others.map((at, i) => logs.write(at, 0, bytesAt(0, 50 + i, i))));
      for (const [i, at] of others.entries()) {
        expect((await logs.read(at, 1000, 0, 1000)).parts).toEqual([{ offset: 0, bytes: bytesAt(0, 50 + i, i) }]);
      }
    });

    test('L1 writes and reads that do not wait for each other are done in order', async () => {
      const pieces = Array.from({ length: 40 }, (_, i) => i * 20);
      const writes = pieces.map((at) => put(at, at + 20));
      const reading = parts(800);
      await Promise.all(writes);
      expect(await reading).toEqual(['0-800']);
    });

    test('L2 up to the cap all is kept; one byte more cuts one byte in the middle', async () => {
      await put(0, capBytes);
      expect(await parts(capBytes)).toEqual(['0-1000']);
      await put(capBytes, capBytes + 1);
      expect(await parts(capBytes + 1)).toEqual(['0-500', '501-1001']);
      expect(await parts(capBytes + 1, 499, 502)).toEqual(['499-500', '501-502']);
      expect(await parts(capBytes + 1, 500, 501)).toEqual([]);
    });

    test('L2 the tail follows, however far, with one write as large as all or many small ones', async () => {
      await put(0, 7000);
      expect(await parts(7000)).toEqual(['0-500', '6500-7000']);
      for (let at = 7000; at < 9100; at += 7) await put(at, at + 7);
      expect(await parts(9100)).toEqual(['0-500', '8600-9100']);
      await reopen();
      expect(await parts(9100)).toEqual(['0-500', '8600-9100']);
      await put(9100, 9105);
      expect(await parts(9105, 490, 8610)).toEqual(['490-500', '8605-8610']);
    });

    test('L2 the disk holds the cap and a little, whatever was written', async () => {
      for (let at = 0; at < 100_000; at += 500) await put(at, at + 500);
      const { files, bytes } = await place.disk();
      expect(files).toBe(1);
      expect(bytes).toBeLessThan(capBytes * 1.1 + 1024);
    });

    test('L2 bytes that the sender lost are reported, and their place is not filled', async () => {
      await put(0, 100);
      await put(150, 200);
      await reopen();
      expect(await parts(200)).toEqual(['0-100', '150-200']);
      await put(900, 950);
      await reopen();
      expect(await parts(950)).toEqual(['0-100', '150-200', '900-950']);
      await put(950, 1000);
      await put(100, 120);
      expect(await parts(1000)).toEqual(['0-120', '150-200', '900-1000']);
      await put(5000, 5100);
      expect(await parts(5100)).toEqual(['0-120', '150-200', '5000-5100']);
    });

    test('L2 a cap configured anew holds for new logs; old files keep theirs', async () => {
      await put(0, 2000);
      await reopen(100);
      expect(logs.cap).toBe(100);
      expect(await parts(2000)).toEqual(['0-500', '1500-2000']);
      await put(2000, 2010);
      expect(await parts(2010)).toEqual(['0-500', '1510-2010']);
      const young = { ...log, attempt: 2 };
      await put(0, 2000, young);
      expect(await parts(2000, 0, 2000, young)).toEqual(['0-50', '1950-2000']);
    });

    test('L3 what lies beyond the committed length is never shown', async () => {
      await put(0, 300);
      expect(await parts(200)).toEqual(['0-200']);
      expect(await parts(200, 150, 300)).toEqual(['150-200']);
      expect(await parts(0)).toEqual([]);
      await put(300, 1500);
      expect(await parts(1490)).toEqual(['0-500', '990-1490']);
    });

    test('L3 uncommitted bytes that a crash left are replaced by what comes instead', async () => {
      await logs.write(log, 0, bytesAt(0, 1600, 1));
      await reopen();
      await put(0, 1200);
      expect((await parts(1200))[0]).toBe('0-500');
      await put(1200, 1700);
      expect(await parts(1700)).toEqual(['0-500', '1200-1700']);
    });

    test('L3 a few uncommitted bytes, those of one append, cost nothing of the tail', async () => {
      await put(0, 1505);
      expect(await parts(1475)).toEqual(['0-500', '975-1475']);
    });

    test('L3 many uncommitted bytes cost tail, but never show a wrong byte', async () => {
      await put(0, 2000);
      await put(2000, 2400);
      const [head, tail] = await parts(2000);
      expect(head).toBe('0-500');
      expect(tail).toMatch(/-2000$/);
      await put(2400, 9000);
      expect(await parts(2000)).toEqual(['0-500']);
    });

    test('L4 no output, no file; reading what never was is nothing, and makes none', async () => {
      await logs.write(log, 0, new Uint8Array());
      expect(await parts(0)).toEqual([]);
      expect(await parts(500)).toEqual([]);
      expect(await place.disk()).toEqual({ files: 0, bytes: 0 });
      await logs.drop(log.task);
    });

    test('L5 drop removes all of a task, waits for what was under way, and touches no other', async () => {
      await put(0, 100);
      const neighbour = { ...log, task: log.task + 1 };
      await put(0, 100, neighbour);
      const late = put(100, 200);
      await logs.drop(log.task);
      await late;
      expect(await parts(200)).toEqual([]);
      expect(await parts(100, 0, 100, neighbour)).toEqual(['0-100']);
      expect((await place.disk()).files).toBe(1);
      await put(0, 30);
      expect(await parts(30)).toEqual(['0-30']);
      await logs.drop(log.task);
      await logs.drop(neighbour.task);
      expect(await place.disk()).toEqual({ files: 0, bytes: 0 });
    });

    test('L5 neighbours that come while others go keep their files', async () => {
      const tasks = Array.from({ length: 30 }, (_, i) => 1000 + i);
      await Promise.all(
        tasks.map(async (task) => {
          for (let round = 0; round < 8; round++) {
            await put(0, 10, { ...log, task });
            expect(await parts(10, 0, 10, { ...log, task })).toEqual(['0-10']);
            await logs.drop(task);
          }
        }),
      );
      expect((await place.disk()).files).toBe(0);
    });

    test('many more logs than open files, all at once', async () => {
      const many = Array.from({ length: 40 }, (_, i) => ({ ...log, task: i + 1 }));
      for (let at = 0; at < 60; at += 20) await Promise.all(many.map((one) => put(at, at + 20, one)));
      expect(await Promise.all(many.map((one) => parts(60, 0, 60, one)))).toEqual(many.map(() => ['0-60']));
    });

    test('close ends what was handed in, can be called twice, and then refuses', async () => {
      let written = false;
      void put(0, 100).then(() => {
        written = true;
      });
      await Promise.all([logs.close(), logs.close()]);
      expect(written).toBe(true);
      await expect(put(100, 110)).rejects.toThrow('closed');
      await expect(parts(100)).rejects.toThrow('closed');
      await reopen();
      expect(await parts(100)).toEqual(['0-100']);
    });

    test('an offset that is none is a bug of the caller', async () => {
      await expect(logs.write(log, -1, bytesAt(0, 5))).rejects.toThrow(RangeError);
      await expect(logs.write(log, Number.MAX_SAFE_INTEGER, bytesAt(0, 5))).rejects.toThrow(RangeError);
      expect((await place.disk()).files).toBe(0);
    });

    test.each(Array.from({ length: 12 }, (_, seed) => seed))('L1 L2 as in the model, seed %i', async (seed) => {
      const random = createSeededRandom(`logs ${seed}`);
      const cap = 2 + random.below(300);
      await reopen(cap);
      const head = Math.floor(cap / 2);
      const written: boolean[] = [];
      const write = async (from: number, length: number) => {
        await put(from, from + length);
        for (let at = from; at < from + length; at++) written[at] = true;
      };
      for (let step = 0; step < 60; step++) {
        const dice = random.below(20);
        if (dice === 0) await reopen(cap);
        else if (dice === 1) await write(written.length + random.below(200), 1 + random.below(30));
        else if (dice < 5) {
          const from = random.below(written.length + 1);
          await write(from, Math.min(1 + random.below(40), Math.max(1, written.length - from)));
        } else await write(written.length, 1 + random.below(dice === 5 ? 3 * cap : 25));
        const { length } = written;
        const shown = new Array<string>(length).fill('.');
        for (const part of (await logs.read(log, length, 0, length)).parts) {
          expect(part.bytes).toEqual(bytesAt(part.offset, part.bytes.length));
          shown.fill('x', part.offset, part.offset + part.bytes.length);
        }
        const expected = Array.from({ length }, (_, at) => {
          const kept = at < head || at >= length - (cap - head);
          return kept && written[at] ? 'x' : '.';
        });
        expect(shown.join('')).toBe(expected.join(''));
      }
    });
  });
}
