import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { gather, Yard } from './lib/yard.ts';

let yard: Yard;

beforeAll(async () => {
  yard = await Yard.open();
  await yard.start(['--local-worker-slots', '2']);
}, 30_000);

afterAll(async () => {
  await yard[Symbol.asyncDispose]();
}, 30_000);

const run = (...argv: string[]) => yard.cli(['run', ...argv]);
const sh = (script: string) => ['--', 'sh', '-c', script];
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('switchyard run', () => {
  it('prints what the job prints and exits as it exits', async () => {
    const { code, out, err } = await run(...sh('echo hi; echo oops >&2; exit 3'));
    expect([code, out, err]).toEqual([3, 'hi\n', 'oops\n']);
  });

  it('runs in the current folder, with only the variables that --env names', async () => {
    const env = { SHARED: 'yes', PRIVATE: 'no' };
    const { out } = await yard.cli(['run', '--env', 'SHARED', '--env', 'EXTRA=1', ...sh('pwd; echo $SHARED-$PRIVATE-$EXTRA')], {
      env,
    });
    expect(lines(out)).toEqual([yard.dir.path, 'yes--1']);
  });

  it('exits with 128 + n for a signal', async () => {
    const { code } = await run(...sh('kill -9 $$'));
    expect(code).toBe(137);
  });

  it('exits with 127 where the program cannot be started, and names it', async () => {
    const { code, err } = await run('--', 'no-such-program-here');
    expect(code).toBe(127);
    expect(err).toContain('no-such-program-here');
  });

  it('exits with 124 at the time limit', async () => {
    const { code } = await run('--timeout', '200ms', '--', 'sleep', '60');
    expect(code).toBe(124);
  });

  it('shows a second attempt, which another worker makes, and ends well if that one does', async () => {
    expect((await yard.cli(['token', 'create', 'other', '--role', 'worker', '--to', 'other.token'])).code).toBe(0);
    const flags = [
      '--server',
      yard.ready.url,
      '--token-file',
      'other.token',
      '--work',
      'other',
      '--name',
      'other',
      '--slots',
      '1',
    ];
    const other = yard.begin(['worker', ...flags]);
    const said = gather(other.stderr);
    await until(() => said().includes('server:connected'));
    const flag = join(yard.dir.path, 'once');
    const { code, out } = await run('--retries', '1', ...sh(`echo try; [ -e ${flag} ] || { touch ${flag}; exit 1; }`));
    expect([code, lines(out)]).toEqual([0, ['try', 'try']]);
    const drained = yard.finish(other);
    other.kill('SIGTERM');
    expect((await drained).code).toBe(0);
  });

  it('passes a megabyte through unharmed', async () => {
    const { code, out } = await run(...sh('head -c 1000000 /dev/zero | tr "\\0" x'));
    expect([code, out.length, new Set(out).size]).toEqual([0, 1_000_000, 1]);
  });

  it('Ctrl-C cancels the job with everything that it started', async () => {
    const child = yard.begin(['run', ...sh('echo started $$; setsid sleep 1234567 & sleep 1234567')]);
    const out = gather(child.stdout);
    await until(() => out().includes('started'));
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(130);
    const left = execFileSync('sh', ['-c', 'pgrep -f "sleep 1234567" || true'], { encoding: 'utf8' });
    // pgrep's own shell names the pattern too; a sleep is left only if its name is exactly that.
    const alive = lines(left).filter((pid) => processName(pid) === 'sleep');
    expect(alive).toEqual([]);
  });

  it('an array ends with 1 and names what failed', async () => {
    const { code, err } = await run('--array', '1-5', ...sh('[ {item} != 3 ]'));
    expect(code).toBe(1);
    expect(err).toMatch(/4 succeeded, 1 failed/);
    expect(err).toMatch(/switchyard logs \d+\.2/);
  });

  it('sends files along and keeps what --output names', async () => {
    await writeFile(join(yard.dir.path, 'in.txt'), 'abc');
    const submitted = await yard.cli(['submit', '--input', 'in.txt', '--output', '*.out', ...sh('tr a-z A-Z < in.txt > up.out')]);
    const id = submitted.out.trim();
    expect((await yard.cli(['wait', id])).code).toBe(0);
    expect((await yard.cli(['artifacts', id, '--get', 'up.out'])).out).toBe('ABC');
    expect((await yard.cli(['artifacts', id, '--into', 'results'])).code).toBe(0);
    expect(await readFile(join(yard.dir.path, 'results', 'up.out'), 'utf8')).toBe('ABC');
  });

  it('its own failure is 125', async () => {
    const { code, err } = await yard.cli(['run', '--server', 'http://127.0.0.1:9', '--', 'true']);
    expect(code).toBe(125);
    expect(err).toContain('switchyard serve');
  });
});

describe('the everyday commands', () => {
  it('submit, wait, job, logs', async () => {
    const { out } = await yard.cli(['submit', '--name', 'hello', '--label', 'team=cfd', ...sh('echo one; echo two >&2')]);
    const id = out.trim();
    expect(id).toMatch(/^\d+$/);
    const waited = await yard.cli(['wait', '--json', id]);
    expect([waited.code, JSON.parse(waited.out)]).toEqual([0, [expect.objectContaining({ id: Number(id), state: 'succeeded' })]]);
    const logs = await yard.cli(['logs', id]);
    expect([logs.out, logs.err]).toEqual(['one\n', 'two\n']);
    const followed = await yard.cli(['logs', '-f', id]);
    expect([followed.code, followed.out]).toEqual([0, 'one\n']);
    expect((await yard.cli(['job', id])).out).toContain('hello');
    const labelled = JSON.parse((await yard.cli(['jobs', '--label', 'team=cfd', '--json'])).out) as { jobs: { id: number }[] };
    expect(labelled.jobs.map((job) => job.id)).toEqual([Number(id)]);
  });

  it('wait tells failed from succeeded', async () => {
    const id = (await yard.cli(['submit', '--', 'false'])).out.trim();
    expect((await yard.cli(['wait', id])).code).toBe(1);
  });

  it('wait gives up with 124', async () => {
    const id = (await yard.cli(['submit', '--hold', '--', 'true'])).out.trim();
    expect((await yard.cli(['wait', '--timeout', '100ms', id])).code).toBe(124);
    expect((await yard.cli(['release', id])).code).toBe(0);
    expect((await yard.cli(['wait', id])).code).toBe(0);
  });

  it('cancel, retry, priority, delete', async () => {
    const id = (await yard.cli(['submit', '--hold', '--', 'true'])).out.trim();
    expect((await yard.cli(['priority', id, '5'])).out).toContain('5');
    expect((await yard.cli(['cancel', id])).out).toContain('canceled');
    expect((await yard.cli(['wait', id])).code).toBe(1);
    expect((await yard.cli(['retry', id])).code).toBe(0);
    expect((await yard.cli(['release', id])).code).toBe(0);
    expect((await yard.cli(['wait', id])).code).toBe(0);
    expect((await yard.cli(['delete', id])).code).toBe(0);
    const gone = await yard.cli(['job', id]);
    expect([gone.code, gone.err.length > 0]).toEqual([1, true]);
  });

  it('a job file with a graph', async () => {
    const graph = {
      name: 'g',
      kind: 'graph',
      spec: {
        tasks: [
          { key: 'a', argv: ['sh', '-c', 'echo from a > a.txt'], outputs: ['a.txt'] },
          { key: 'b', after: ['a'], argv: ['cat', 'a.txt'], inputs: [{ path: 'a.txt', task: 'a', artifact: 'a.txt' }] },
        ],
      },
    };
    const { out, err } = await yard.cli(['submit', '-f', '-'], { input: JSON.stringify(graph) });
    const id = out.trim();
    expect([(await yard.cli(['wait', id])).code, err]).toEqual([0, '']);
    expect((await yard.cli(['logs', `${id}/b`])).out).toBe('from a\n');
  });

  it('pools hold back what does not fit', async () => {
    const refused = await yard.cli(['submit', '--pool', 'matlab', '--', 'true']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('switchyard pools set');
    expect((await yard.cli(['pools', 'set', 'matlab', '1'])).code).toBe(0);
    expect((await run('--pool', 'matlab', '--', 'true')).code).toBe(0);
    expect((await yard.cli(['pools'])).out).toContain('matlab');
    expect((await yard.cli(['pools', 'remove', 'matlab'])).code).toBe(0);
  });

  it.each([['jobs'], ['workers'], ['pools'], ['stats'], ['token'], ['audit'], ['whoami']])(
    '%s --json is one JSON document',
    async (name) => {
      const { code, out } = await yard.cli([name, '--json']);
      expect(code).toBe(0);
      expect(lines(out)).toHaveLength(1);
      expect(() => JSON.parse(out)).not.toThrow();
    },
  );

  it('events --json is one object for each line', async () => {
    const { code, out } = await yard.cli(['events', '--json', '--since', '0', '--count', '3']);
    expect([code, lines(out).map((line) => typeof (JSON.parse(line) as { kind: string }).kind)]).toEqual([
      0,
      ['string', 'string', 'string'],
    ]);
  });

  it('a reader that has seen enough is no error', () => {
    const command = `"$0" "$1" jobs --all --json | head -c 1`;
    const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
    const env = { PATH: process.env['PATH'], HOME: yard.dir.path, SWITCHYARD_DATA: yard.data };
    expect(execFileSync('sh', ['-c', command, process.execPath, main], { env, encoding: 'utf8', stdio: 'pipe' })).toBe('{');
  });

  it('tokens: made into a file, used, revoked', async () => {
    const made = await yard.cli(['token', 'create', 'ada', '--role', 'submitter', '--to', 'ada.token', '--json']);
    const { id } = JSON.parse(made.out) as { id: string };
    expect((await stat(join(yard.dir.path, 'ada.token'))).mode & 0o777).toBe(0o600);
    expect(made.out).not.toContain('swy_');
    const as = ['--token-file', 'ada.token'];
    expect(JSON.parse((await yard.cli(['whoami', '--json', ...as])).out)).toMatchObject({ name: 'ada', scope: 'own' });
    const denied = await yard.cli(['token', 'create', 'eve', '--role', 'admin', ...as]);
    expect(denied.code).toBe(4);
    expect((await yard.cli(['token', 'revoke', id])).code).toBe(0);
    expect((await yard.cli(['whoami', ...as])).code).toBe(4);
  });
});

describe('the server process', () => {
  it('refuses a second server on the same DATA with a sentence', async () => {
    const { code, err } = await yard.cli(['serve', '--port', '0']);
    expect(code).toBe(1);
    expect(err).toMatch(/another server uses/);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('keeps its folder and token to itself', async () => {
    expect((await stat(yard.data)).mode & 0o777).toBe(0o700);
    expect((await stat(join(yard.data, 'admin.token'))).mode & 0o777).toBe(0o600);
  });

  it('stops the start at an unknown option, and names the nearest', async () => {
    const { code, err } = await yard.cli(['serve'], { env: { SWITCHYARD_PROT: '1' } });
    expect([code, err]).toEqual([2, expect.stringContaining('SWITCHYARD_PORT')]);
  });
});

function processName(pid: string): string {
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', pid], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
