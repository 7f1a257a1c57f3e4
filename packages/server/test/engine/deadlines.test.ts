import { describe, expect, it } from 'vitest';
import { createDeadlines } from '../../src/engine/deadlines.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

function open() {
  const clock = createFakeClock();
  const called: [string, number][] = [];
  const deadlines = createDeadlines<string>(clock, (key) => void called.push([key, clock.monotonic()]));
  return { clock, called, deadlines };
}

describe('deadlines', () => {
  it('are called in order, each at its moment, with one timer', async () => {
    const { clock, called, deadlines } = open();
    deadlines.set('c', 30);
    deadlines.set('a', 10);
    deadlines.set('b', 20);
    expect(clock.pending).toBe(1);
    await clock.advance(25);
    expect(called).toEqual([
      ['a', 10],
      ['b', 20],
    ]);
    await clock.advance(100);
    expect(called.at(-1)).toEqual(['c', 30]);
    expect(clock.pending).toBe(0);
  });

  it('move when they are set again, and are not called when deleted', async () => {
    const { clock, called, deadlines } = open();
    deadlines.set('a', 10);
    deadlines.set('a', 50);
    deadlines.set('b', 20);
    deadlines.delete('b');
    await clock.advance(40);
    expect(called).toEqual([]);
    await clock.advance(40);
    expect(called).toEqual([['a', 50]]);
  });

  it('may be set while one is called, and none is called after close', async () => {
    const clock = createFakeClock();
    let calls = 0;
    const deadlines = createDeadlines<string>(clock, (key) => {
      calls += 1;
      deadlines.set(key, 10);
    });
    deadlines.set('a', 10);
    await clock.advance(35);
    expect(calls).toBe(3);
    deadlines.close();
    await clock.advance(100);
    expect([calls, clock.pending]).toEqual([3, 0]);
  });

  it('are what a plain list would give, over many sets, moves and deletions', async () => {
    const { clock, called, deadlines } = open();
    const random = createSeededRandom(3);
    const plain = new Map<string, number>();
    const expected: [string, number][] = [];
    for (let step = 0; step < 3_000; step++) {
      const key = `k${random.below(200)}`;
      const roll = random.dice();
      if (roll < 0.5) {
        const ms = 1 + random.below(500);
        deadlines.set(key, ms);
        plain.set(key, clock.monotonic() + ms);
      } else if (roll < 0.9) {
        deadlines.delete(key);
        plain.delete(key);
      } else {
        const until = clock.monotonic() + random.below(40);
        for (const [name, at] of [...plain].filter(([, at]) => at <= until)) {
          expected.push([name, at]);
          plain.delete(name);
        }
        await clock.advance(until - clock.monotonic());
      }
    }
    const inOrder = (list: [string, number][]) => [...list].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    expect(inOrder(called)).toEqual(inOrder(expected));
    expect(called.map(([, at]) => at)).toEqual([...called.map(([, at]) => at)].sort((a, b) => a - b));
    expect(called.length).toBeGreaterThan(100);
  });
});
