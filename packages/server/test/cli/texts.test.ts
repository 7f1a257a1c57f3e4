import { ApiError, ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { describe, expect, it } from 'vitest';
import { usage } from '../../src/cli/kit/cli-error.ts';
import { isLoopback } from '../../src/cli/kit/connection.ts';
import { explain } from '../../src/cli/kit/explain.ts';
import { exitOf } from '../../src/cli/kit/job-exit.ts';
import { clean } from '../../src/cli/kit/output.ts';
import { tableText } from '../../src/cli/kit/table.ts';
import { bytesText, ranText, spanText } from '../../src/cli/kit/times.ts';

const problem = (status: number, code: string, detail = 'No.') =>
  new ApiError({ type: 'about:blank', title: 'Refused', status, code, detail, retry: 'never' });

describe('errors say what to do next', () => {
  it('no server: how to start one', () => {
    const { text, exitCode } = explain(new ServerUnreachable('http://127.0.0.1:1', new Error('connect ECONNREFUSED')), null);
    expect(text).toContain('switchyard serve');
    expect(exitCode).toBe(3);
  });

  it('no token: where one is', () => {
    const { text, exitCode } = explain(problem(401, 'unauthenticated'), null);
    expect(text).toContain('DATA/admin.token');
    expect(exitCode).toBe(4);
  });

  it('a token that does not allow it: which one it was', () => {
    const connection = { tokenFrom: 'ada.token' } as never;
    expect(explain(problem(403, 'forbidden'), connection)).toEqual({ text: expect.stringContaining('ada.token'), exitCode: 4 });
  });

  it('an unknown pool: how to make one', () => {
    expect(explain(problem(422, 'unknown_pool'), null).text).toContain('switchyard pools set');
  });

  it('wrong usage has a code of its own', () => {
    expect(explain(usage('like this'), null)).toEqual({ text: 'like this', exitCode: 2 });
  });
});

describe('exit codes of run', () => {
  const ended = (some: Partial<TaskView>): TaskView =>
    ({ id: 1, state: 'failed', reason: null, text: null, error: null, exitCode: null, signal: null, ...some }) as TaskView;

  it.each([
    [{ state: 'succeeded', exitCode: 0 }, 0],
    [{ reason: 'exit', exitCode: 3 }, 3],
    [{ reason: 'signal', signal: 'SIGKILL' }, 137],
    [{ reason: 'signal', signal: 'SIGTERM' }, 143],
    [{ reason: 'start' }, 127],
    [{ reason: 'timeout', signal: 'SIGTERM' }, 124],
    [{ reason: 'silence' }, 124],
    [{ reason: 'worker-lost' }, 125],
    [{ state: 'canceled', reason: 'user' }, 125],
  ] as [Partial<TaskView>, number][])('%j -> %i', (task, code) => {
    expect(exitOf(ended(task)).code).toBe(code);
  });
});

describe('what people read', () => {
  it('is aligned', () => {
    const columns = [
      { title: 'ID', value: (row: { id: number; name: string }) => row.id, right: true },
      { title: 'NAME', value: (row: { id: number; name: string }) => row.name },
    ];
    const rows = [
      { id: 1, name: 'short' },
      { id: 1000, name: 'a name that is longer than the terminal is wide' },
    ];
    expect(tableText(columns, rows, 20).split('\n')).toEqual(['  ID  NAME', '   1  short', '1000  a name that i…']);
    expect(tableText(columns, rows, null)).toContain('wide');
  });

  it('cannot steer the terminal', () => {
    expect(clean('a\u001b[2Jb\nc\u202ed')).toBe('a·[2Jb·c·d');
  });

  it('has times and sizes for people', () => {
    expect([0, 850, 12_340, 245_000, 11_520_000, 187_200_000].map(spanText)).toEqual([
      '0ms',
      '850ms',
      '12.3s',
      '4m 05s',
      '3h 12m',
      '2d 04h',
    ]);
    expect([0, 1023, 1536, 10 * 1024 ** 2].map(bytesText)).toEqual(['0 B', '1023 B', '1.5 KiB', '10 MiB']);
    expect(ranText('2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z', 0)).toBe('5.0s');
    expect(ranText(null, null, 0)).toBe('-');
  });
});

describe('the administrator token', () => {
  it('goes to this machine only', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) expect([host, isLoopback(host)]).toEqual([host, true]);
    for (const host of ['example.com', 'yard.localhost', '10.0.0.1', '127.example.com', 'localhost.example.com']) {
      expect([host, isLoopback(host)]).toEqual([host, false]);
    }
  });
});
