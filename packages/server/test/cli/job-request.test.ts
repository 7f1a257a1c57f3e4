import { Readable } from 'node:stream';
import { JobRequest } from '@switchyard/sdk/job.ts';
import { ShellSpec } from '@switchyard/sdk/task-spec.ts';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { JobOptions } from '../../src/cli/kit/job-options.ts';
import { jobRequest, moment, range, type Surroundings } from '../../src/cli/kit/job-request.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const around: Surroundings = {
  cwd: '/home/ada/work',
  env: { LICENSE: 'abc', EMPTY: '' },
  now,
  upload: async (path) => ({ blob: 'a'.repeat(64), executable: path.endsWith('.sh') }),
  stdin: Readable.from(['one\n', 'two\r\n\nthree']),
};
const request = (options: JobOptions, some: Partial<Surroundings> = {}) =>
  jobRequest(['./render', 'x'], options, { ...around, ...some });

describe('the request that flags make', () => {
  it('is the command in the current folder and nothing of the environment', async () => {
    expect(await request({})).toEqual({ name: 'render x', spec: { argv: ['./render', 'x'], cwd: '/home/ada/work' } });
  });

  it('carries every flag, in the form that the API takes', async () => {
    const made = await request({
      name: 'night',
      priority: -5,
      label: ['team=cfd', 'run=a=b'],
      after: ['12', 'j13'],
      hold: true,
      at: '+2h',
      startOn: 4,
      array: '1-9:2',
      slots: 2,
      cpus: 4,
      ram: 8192,
      resource: ['gpu=1', 'disk'],
      pool: ['matlab=2'],
      tag: ['big'],
      worker: 7,
      retries: 3,
      retryOn: 'distinct',
      timeout: 3_600_000,
      silence: 60_000,
      env: ['LICENSE', 'MODE=fast=1', 'EMPTY'],
      cwd: '../other',
      stdout: 'out.txt',
      stderr: '/dev/null',
      input: ['data.csv', 'tool.sh:bin/tool'],
      output: ['*.png'],
    });
    expect(made).toEqual({
      name: 'night',
      priority: -5,
      labels: { team: 'cfd', run: 'a=b' },
      after: [12, 13],
      hold: true,
      notBefore: '2026-01-01T02:00:00.000Z',
      startOn: 4,
      spec: {
        argv: ['./render', 'x'],
        cwd: '/home/ada/other',
        env: { LICENSE: 'abc', MODE: 'fast=1', EMPTY: '' },
        stdout: { file: 'out.txt' },
        stderr: 'discard',
        retries: 3,
        retryOn: 'distinct',
        timeoutMs: 3_600_000,
        silenceMs: 60_000,
        outputs: ['*.png'],
        inputs: [
          { path: 'data.csv', blob: 'a'.repeat(64) },
          { path: 'bin/tool', blob: 'a'.repeat(64), mode: 'exec' },
        ],
        array: { from: 1, to: 9, step: 2 },
        needs: {
          slots: 2,
          cpus: 4,
          ramMb: 8192,
          resources: { gpu: 1, disk: 1 },
          pools: { matlab: 2 },
          tags: ['big'],
          worker: 7,
        },
      },
    });
    expect(Check(JobRequest, made)).toBe(true);
    expect(Check(ShellSpec, made.spec)).toBe(true);
  });

  it('leaves the folder to the worker with --fresh, and with files sent along', async () => {
    expect((await request({ fresh: true })).spec).toEqual({ argv: ['./render', 'x'] });
    expect((await request({ input: ['a.bin'] })).spec['cwd']).toBeUndefined();
    expect((await request({ input: ['a.bin'], cwd: '.' })).spec['cwd']).toBe('/home/ada/work');
    await expect(request({ fresh: true, cwd: '/x' })).rejects.toThrow(/exclude/);
  });

  it('reads the items of an array line by line', async () => {
    expect((await request({ arrayItems: '-' })).spec['array']).toEqual({ items: ['one', 'two', 'three'] });
    await expect(request({ arrayItems: '-' }, { stdin: Readable.from(['\n']) })).rejects.toThrow(/no line/);
    await expect(request({ arrayItems: '/does/not/exist' })).rejects.toThrow(/cannot read/);
  });

  it.each([
    [{ env: ['ABSENT'] }, /no such variable/],
    [{ label: ['x'] }, /name=value/],
    [{ pool: ['matlab=two'] }, /name=number/],
    [{ array: '5' }, /FROM-TO/],
    [{ array: '9-1' }, /empty/],
    [{ array: '1-9:0' }, /empty/],
    [{ array: '1-2', arrayItems: '-' }, /exclude/],
    [{ at: 'soon' }, /moment/],
    [{ after: ['12.3'] }, /whole jobs/],
  ] as [JobOptions, RegExp][])('refuses %j', async (options, text) => {
    await expect(request(options)).rejects.toThrow(text);
  });

  it('understands ranges and moments', () => {
    expect(range('0-0')).toEqual({ from: 0, to: 0 });
    expect(moment('2026-12-24T18:00:00Z', now)).toBe('2026-12-24T18:00:00.000Z');
    expect(moment('+90s', now)).toBe('2026-01-01T00:01:30.000Z');
  });
});
