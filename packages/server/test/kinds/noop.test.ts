import { describe, expect, it } from 'vitest';
import { compile, kinds } from '../../src/kinds/index.ts';

describe('kind noop', () => {
  it('makes one task that only a worker for noop takes, with the number in its body', () => {
    const plan = compile({ kind: 'noop', spec: { n: 7 } });
    expect(plan.value?.tasks).toHaveLength(1);
    expect(plan.value?.tasks[0]).toMatchObject({ kind: 'noop', tags: [], body: '{"payload":{"n":7}}', array: null });
  });

  it('takes an array and refuses what it does not know', () => {
    expect(compile({ kind: 'noop', spec: { array: { from: 0, to: 9 } } }).value?.tasks[0]?.array).toMatchObject({ size: 10 });
    expect(compile({ kind: 'noop', spec: { argv: ['true'] } }).refusal?.code).toBe('unknown_field');
    expect(compile({ kind: 'noop', spec: { array: { from: 3, to: 2 } } }).refusal?.code).toBe('invalid');
  });

  it('is listed with its schema', () => {
    expect(kinds.noop?.text).toContain('--kind noop');
  });
});
