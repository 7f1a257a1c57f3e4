import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';
import { createSeededRandom } from './seeded-random.ts';
import { tempDir } from './temp-dir.ts';

describe('fake clock', () => {
  test('runs due timers by moment, then by the order in which they were set', async () => {
    const clock = createFakeClock(1000);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b${clock.now()}`));
    clock.after(10, () => seen.push(`a${clock.now()}`));
    clock.after(20, () => seen.push(`c${clock.now()}`));
    clock.after(21, () => seen.push('late'));
    await clock.advance(20);
    expect(seen).toEqual(['a1010', 'b1020', 'c1020']);
    expect(clock.pending).toBe(1);
  });

  test('runs timers that a promise after another timer has set', async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    clock.after(5, () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => clock.after(5, () => seen.push(clock.monotonic())));
    });
    await clock.advance(100);
    expect(seen).toEqual([10]);
    expect(clock.monotonic()).toBe(100);
  });

  test('a canceled timer does not fire; a jump of the wall clock fires none', async () => {
    const clock = createFakeClock(0);
    const seen: string[] = [];
    clock.after(5, () => seen.push('canceled')).cancel();
    clock.after(50, () => seen.push('later'));
    clock.jump(1000);
    await clock.advance(10);
    expect(seen).toEqual([]);
    expect([clock.now(), clock.monotonic()]).toEqual([1010, 10]);
  });
});

describe('seeded random', () => {
  test('the same seed gives the same values, another seed others', () => {
    const draw = (seed: number) => {
      const random = createSeededRandom(seed);
      return [random.dice(), random.uuid(), random.secret(32), random.below(10), random.pick(['a', 'b', 'c'])];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('values have their shapes', () => {
    const random = createSeededRandom('shapes');
    expect(random.secret(32)).toMatch(/^[\w-]{43}$/);
    expect(random.uuid()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    const all = new Set(Array.from({ length: 200 }, () => random.below(4)));
    expect([...all].sort()).toEqual([0, 1, 2, 3]);
  });
});

test('a temporary folder is gone with all in it after its block', async () => {
  let path: string;
  {
    await using dir = await tempDir();
    path = dir.path;
    expect(path.startsWith(tmpdir())).toBe(true);
    await writeFile(join(path, 'file'), 'x');
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
});
