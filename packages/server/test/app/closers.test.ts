import { describe, expect, it } from 'vitest';
import { Closers } from '../../src/app/closers.ts';

describe('closing', () => {
  it('goes in reverse order, waits for each, and does not stop at one that fails', async () => {
    const seen: string[] = [];
    const closers = new Closers();
    closers.add('store', () => void seen.push('store'));
    closers.add('engine', () => {
      throw new Error('stuck');
    });
    closers.add('doors', async () => {
      await Promise.resolve();
      seen.push('doors');
    });
    await closers.close((name) => seen.push(`failed ${name}`));
    expect(seen).toEqual(['doors', 'failed engine', 'store']);
  });

  it('is idempotent, and nothing can be opened any more', async () => {
    let times = 0;
    const closers = new Closers();
    closers.add('one', () => void times++);
    await Promise.all([closers.close(() => {}), closers.close(() => {})]);
    expect(times).toBe(1);
    expect(() => closers.add('late', () => {})).toThrow(/late/);
  });
});
