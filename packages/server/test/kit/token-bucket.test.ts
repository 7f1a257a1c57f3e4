import { expect, it } from 'vitest';
import { TokenBucket } from '../../src/doors/kit/token-bucket.ts';

it('a bucket grants its burst, then waits for what was taken beyond it', () => {
  const bucket = new TokenBucket(500, 20, 0);
  bucket.take(20);
  expect(bucket.wait(0)).toBe(0);
  bucket.take(1);
  expect(bucket.wait(0)).toBe(2);
  expect(bucket.wait(1)).toBe(1);
  expect(bucket.wait(2)).toBe(0);
  bucket.take(20);
  expect(bucket.wait(2)).toBe(40);
  expect(bucket.wait(1e9), 'full again, and no fuller').toBe(0);
  bucket.take(21);
  expect(bucket.wait(1e9)).toBe(2);
});

it('one without limit never waits', () => {
  const bucket = new TokenBucket(0, Number.MAX_VALUE, 0);
  bucket.take(1e12);
  expect(bucket.wait(0)).toBe(0);
});
