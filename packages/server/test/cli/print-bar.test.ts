import { expect, it } from 'vitest';
import { PrintShare } from '../../src/cli/kit/print-bar.ts';

const counts = { waiting: 0, ready: 0, offered: 0, running: 0, suspended: 0, stopping: 0, succeeded: 0, failed: 0, canceled: 0 };
const progress = (task: number, done: number, total: number | null = 100) => ({
  ...{ job: 1, task, done, total, unit: 'bytes', phase: 'printing' },
});

it('a job of prints is as far as its ended prints and the shares of those under way', () => {
  const share = new PrintShare();
  expect(share.share).toBe(0);
  share.job({ total: 4, counts: { ...counts, running: 2, ready: 2 } });
  share.progress(progress(1, 50));
  share.progress(progress(2, 25));
  share.progress(progress(3, 7, null));
  expect(share.share).toBeCloseTo(0.75 / 4);
  share.progress(progress(2, 400));
  expect(share.share).toBeCloseTo(1.5 / 4);
  // One has ended: what the other has done is said again.
  share.job({ total: 4, counts: { ...counts, succeeded: 1, running: 1, ready: 2 } });
  expect(share.share).toBeCloseTo(1 / 4);
  share.job({ total: 4, counts: { ...counts, succeeded: 3, failed: 1 } });
  expect(share.share).toBe(1);
});
