import { describe, expect, it } from 'vitest';
import { changeKinds } from '../../src/domain/change.ts';
import { errors, refuse } from '../../src/domain/errors.ts';
import { taskStates } from '../../src/domain/task.ts';
import { taskMoves } from '../../src/domain/task-machine.ts';

describe('tables', () => {
  it('errors: codes are words, statuses are refusals or faults, titles differ', () => {
    for (const [code, { status, title }] of Object.entries(errors)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).not.toMatch(/\.$/);
    }
    expect(new Set(Object.values(errors).map(({ title }) => title)).size).toBe(Object.keys(errors).length);
  });

  it('errors: a fault of the server may be tried again later', () => {
    for (const { status, retry } of Object.values(errors)) if (status >= 500) expect(retry).toBe('later');
  });

  it('a refusal names its place only where there is one', () => {
    expect(refuse('invalid', 'no')).toEqual({ refusal: { code: 'invalid', detail: 'no' } });
    expect(refuse('invalid', 'no', '/a')).toEqual({ refusal: { code: 'invalid', detail: 'no', at: '/a' } });
  });

  it('changes: subject.verb', () => {
    for (const kind of Object.keys(changeKinds)) expect(kind).toMatch(/^(job|array|task|worker|pool)\.[a-z]+$/);
  });

  it('moves: every state stands in the table, and every move leads to a state', () => {
    expect(Object.keys(taskMoves)).toEqual(taskStates);
    for (const next of Object.values(taskMoves).flatMap((row) => Object.values(row).flat())) expect(taskStates).toContain(next);
  });
});
