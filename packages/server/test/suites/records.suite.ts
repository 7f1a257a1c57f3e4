import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Records } from '../../src/ports/records.ts';

export interface RecordsPlace {
  records: Records;
  remove(): Promise<void>;
}

/** The rules R1 to R3 of `src/ports/records.ts`, for every store of documents. */
export function recordsSuite(name: string, make: () => Promise<RecordsPlace>): void {
  describe(`records: ${name}`, () => {
    let place: RecordsPlace;
    let records: Records;
    beforeEach(async () => {
      place = await make();
      records = place.records;
    });
    afterEach(() => place.remove());

    test('R1 null creates, and only what does not exist', async () => {
      expect(await records.put('tokens', 'a', { x: 1 }, null)).toEqual({ ok: true, revision: 1 });
      expect(await records.put('tokens', 'a', { x: 2 }, null)).toEqual({ ok: false });
      expect(await records.put('other', 'a', { x: 3 }, null)).toEqual({ ok: true, revision: 1 });
      expect(await records.get('tokens', 'a')).toEqual({ key: 'a', value: { x: 1 }, revision: 1 });
    });

    test('R1 R2 a number replaces that revision and no other, and the next is one higher', async () => {
      await records.put('tokens', 'a', 1, null);
      expect(await records.put('tokens', 'a', 2, 1)).toEqual({ ok: true, revision: 2 });
      expect(await records.put('tokens', 'a', 3, 1)).toEqual({ ok: false });
      expect(await records.put('tokens', 'a', 3, 3)).toEqual({ ok: false });
      expect(await records.put('tokens', 'b', 3, 1)).toEqual({ ok: false });
      expect(await records.get('tokens', 'a')).toEqual({ key: 'a', value: 2, revision: 2 });
      expect(await records.get('tokens', 'b')).toBeNull();
    });

    test('R1 of many who replace the same revision at once one wins', async () => {
      await records.put('tokens', 'a', 0, null);
      const tries = await Promise.all(Array.from({ length: 20 }, (_, at) => records.put('tokens', 'a', at, 1)));
      expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
    });

    test('a deleted record is gone, may be made again, and begins anew', async () => {
      await records.put('tokens', 'a', 1, null);
      await records.put('tokens', 'a', 2, 1);
      expect(await records.delete('tokens', 'a')).toBe(true);
      expect(await records.delete('tokens', 'a')).toBe(false);
      expect(await records.put('tokens', 'a', 3, null)).toEqual({ ok: true, revision: 1 });
    });

    test('R3 a collection is read in key order', async () => {
      for (const key of ['b', 'ä', 'a', 'C', '10', '9']) await records.put('tokens', key, key, null);
      await records.put('token', 'x', 'x', null);
      expect((await records.list('tokens')).map(({ key }) => key)).toEqual(['10', '9', 'C', 'a', 'b', 'ä']);
      expect(await records.list('nothing')).toEqual([]);
    });

    test('R3 64 KiB are kept, a byte more is not', async () => {
      const text = (bytes: number) => 'é'.repeat((bytes - 2) / 2);
      expect(await records.put('tokens', 'a', text(65_536), null)).toEqual({ ok: true, revision: 1 });
      await expect(records.put('tokens', 'b', text(65_538), null)).rejects.toThrow(RangeError);
      await expect(records.put('tokens', 'c', undefined, null)).rejects.toThrow(TypeError);
      expect(await records.get('tokens', 'b')).toBeNull();
    });
  });
}
