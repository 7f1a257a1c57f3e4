import Type from 'typebox';
import { expect, test } from 'vitest';
import { compileCheck } from '../src/check.ts';
import { JobRequest } from '../src/job.ts';
import { ShellSpec } from '../src/task-spec.ts';

const request = compileCheck(JobRequest);
const shell = compileCheck(ShellSpec);

test('what is as agreed has no fault', () => {
  expect(request({ spec: {}, labels: { 'a/b': 'x' }, after: [1] })).toBeNull();
  expect(shell({ argv: ['x'], stdout: { file: 'out' }, array: { from: 1, to: 2 } })).toBeNull();
});

test.each([
  [request, { spec: {}, foo: 1 }, true, '/foo'],
  [request, {}, false, '/spec'],
  [request, [], false, ''],
  [request, null, false, ''],
  [request, { spec: {}, after: [1, 0] }, false, '/after/1'],
  [request, { spec: {}, labels: { 'a b': 'x' } }, true, '/labels/a b'],
  [request, { spec: {}, notBefore: 'tomorrow' }, false, '/notBefore'],
  [shell, { argv: ['x'], needs: { ram: 1 } }, true, '/needs/ram'],
  [shell, { argv: ['x'], 'a~/b': 1 }, true, '/a~0~1b'],
  // Unions: the alternative that was most likely meant.
  [shell, { argv: ['x'], inputs: [{ path: 'a', blob: 'zz' }] }, false, '/inputs/0/blob'],
  [shell, { argv: ['x'], array: { from: 1 } }, false, '/array/to'],
  [shell, { argv: ['x'], stdout: { fil: 'a' } }, false, '/stdout/file'],
])('the culprit is named: %#', (check, value, unknown, at) => {
  expect(check(value)).toMatchObject({ unknown, at });
});

test('of a few words all are told; of one, that one; of very many, some', () => {
  const words = compileCheck(Type.Object({ state: Type.Array(Type.Union([Type.Literal('waiting'), Type.Literal('held')])) }));
  expect(words({ state: ['nope'] })).toEqual({ unknown: false, at: '/state/0', text: 'must be one of waiting, held' });
  const list = compileCheck(Type.Object({ on: Type.Enum(['first', 'last']), off: Type.Optional(Type.Literal(false)) }));
  expect(list({ on: 'x' })?.text).toBe('must be one of first, last');
  expect(list({ on: 'last', off: true })?.text).toBe('must be false');
  const many = compileCheck(Type.Enum(Array.from({ length: 1000 }, (_, n) => `w${n}`)));
  expect(many('x')?.text).toMatch(/^must be one of w0, .*, w29, …$/);
});
