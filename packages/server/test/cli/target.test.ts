import { describe, expect, it } from 'vitest';
import { parseJob, parseTarget } from '../../src/cli/kit/target.ts';

describe('what people write for a job or a task', () => {
  it.each([
    ['12', { is: 'job', job: 12 }],
    ['j12', { is: 'job', job: 12 }],
    ['t57', { is: 'task', task: 57 }],
    ['task:57', { is: 'task', task: 57 }],
    ['12.7', { is: 'part', job: 12, key: null, index: 7 }],
    ['12/image', { is: 'part', job: 12, key: 'image', index: null }],
    ['12/tile.3', { is: 'part', job: 12, key: 'tile', index: 3 }],
    ['12/v1.final', { is: 'part', job: 12, key: 'v1.final', index: null }],
    ['12/v1.final.3', { is: 'part', job: 12, key: 'v1.final', index: 3 }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['', 'x', '-1', '1.x', '12/', '1e3', '99999999999999999999', '12//a', '../x'])(
    'refuses "%s" and shows what to write',
    (text) => {
      expect(() => parseTarget(text)).toThrow(/12 \(a job\)/);
    },
  );

  it('does not take a task for a job', () => {
    expect(parseJob('12')).toBe(12);
    expect(() => parseJob('12.7')).toThrow(/whole jobs/);
  });
});
