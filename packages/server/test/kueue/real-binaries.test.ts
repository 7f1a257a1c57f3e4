import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realClock } from '../../src/app/real-clock.ts';
import { clientConfig } from '../../src/doors/kueue/config.ts';
import { until } from '../lib/until.ts';
import { openPlace, secret } from './lib/place.ts';

/**
 * The real programs, where somebody has them: `KUEUE_BIN_DIR=/path/to/bin` (several, separated by colons, for several
 * versions), as `cargo install kueue --root /path/to` leaves them. Not part of the everyday tests: they are not ours.
 */
const folders = (process.env.KUEUE_BIN_DIR ?? '').split(':').filter((folder) => existsSync(join(folder, 'kueue')));

const page = { limit: 100, cursor: null, order: 'asc' } as const;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function openReal(options: Parameters<typeof openPlace>[0] = {}) {
  const place = await openPlace({ realClock: realClock, onDisk: true, ...options });
  const running = new Set<ChildProcess>();

  async function config(name: string, extra: { secret?: string; slots?: number; port?: number } = {}): Promise<string> {
    const file = join(place.folder, `${name}.toml`);
    await writeFile(
      file,
      [
        '[common_settings]',
        `shared_secret = "${extra.secret ?? secret}"`,
        'server_name = "127.0.0.1"',
        `server_port = ${extra.port ?? place.ownPort}`,
        'log_level = "warn"',
        '[server_settings]',
        'bind_addresses = "0.0.0.0 [::]"',
        'maintenance_interval_seconds = 60',
        'worker_timeout_seconds = 300',
        'job_offer_timeout_seconds = 60',
        'job_cleanup_after_minutes = 2880',
        'global_max_parallel_jobs = 100',
        '[worker_settings]',
        'system_update_interval_seconds = 1',
        `worker_max_parallel_jobs = ${extra.slots ?? 2}`,
        'dynamic_check_free_resources = false',
        'dynamic_cpu_load_scale_factor = 1.0',
        '[client_settings]',
        'job_default_cpus = 1',
        'job_default_ram_mb = 16',
      ].join('\n'),
    );
    return file;
  }

  function start(folder: string, program: string, args: readonly string[], cwd = place.folder): ChildProcess {
    const child = spawn(join(folder, program), args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { HOME: place.folder, PATH: process.env.PATH },
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  async function kueue(folder: string, file: string, ...args: string[]): Promise<Ran> {
    const child = start(folder, 'kueue', ['-c', file, ...args]);
    let out = '';
    let err = '';
    child.stdout?.on('data', (bytes) => (out += bytes));
    child.stderr?.on('data', (bytes) => (err += bytes));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, out, err };
  }

  return {
    place,
    config,
    start,
    kueue,
    worker: (folder: string, file: string) => start(folder, 'kueue_worker', ['-c', file]),
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL');
      await place.close();
    },
  };
}

describe.skipIf(folders.length === 0)('the real kueue programs (left out where KUEUE_BIN_DIR names none)', () => {
  const [folder = ''] = folders;
  const shown = (text: string): string => /=== stdout ===\n([\s\S]*?)\n?(?:=== stderr|$)/.exec(text)?.[1]?.trim() ?? '';

  test('each version submits, lists, shows and waits for the jobs of the others; workers of each run side by side', async () => {
    await using real = await openReal();
    const file = await real.config('c', { slots: 1 });
    for (const each of folders) real.worker(each, file);
    await until(
      async () => (await real.place.store.query.workers()).filter(({ reported }) => reported !== null).length === folders.length,
    );
    const ids: string[] = [];
    for (const each of [...folders, ...folders]) {
      const issued = await real.kueue(each, file, 'cmd', '--', 'sh', '-c', `sleep 0.2; echo from ${each}; exit 3`);
      expect(issued).toMatchObject({ code: 0, err: '' });
      ids.push(issued.out.trim());
    }
    for (const each of folders) {
      for (const [i, id] of ids.entries()) {
        expect(await real.kueue(each, file, 'wait-job', id)).toEqual({ code: 0, out: '', err: '' });
        const { out } = await real.kueue(each, file, 'show-job', id);
        expect(shown(out)).toBe(`from ${[...folders, ...folders][i]}`);
        expect(out).toContain('return code: 3');
      }
      expect((await real.kueue(each, file, 'list-jobs')).out).toContain('failed with code 3');
      expect((await real.kueue(each, file, 'list-workers')).out.match(/GNU/g)).toHaveLength(folders.length);
    }
  });

  test('cmd --wait prints the return code; a wrong secret and a wrong job are exit code 1; our own client file is enough', async () => {
    await using real = await openReal({ globalResources: { matlab: 1 } });
    const file = join(real.place.folder, 'made.toml');
    await writeFile(file, clientConfig({ secret, host: '127.0.0.1', port: real.place.ownPort }));
    const worker = await real.config('w');
    real.worker(folder, worker);
    const small = ['-c', '1', '-r', '16'];
    expect(await real.kueue(folder, file, 'cmd', ...small, '--wait', '--', 'sh', '-c', 'exit 7')).toEqual({
      code: 0,
      out: '7\n',
      err: '',
    });
    const wrong = await real.config('x', { secret: 'wrong' });
    expect((await real.kueue(folder, wrong, 'cmd', 'true')).code).toBe(1);
    const refused = real.worker(folder, wrong);
    expect(await new Promise((resolve) => refused.once('exit', resolve))).toBe(1);
    expect((await real.kueue(folder, file, 'wait-job', '99')).code).toBe(1);
    expect((await real.kueue(folder, file, 'show-job', '99')).code).toBe(0);
    const huge = await real.kueue(folder, file, 'cmd', '-r', '18446744073709551615', 'true');
    expect(huge.code).toBe(1);
    const much = await real.kueue(folder, file, 'cmd', ...small, '--resource', 'matlab=2', 'true');
    expect(`${much.code} ${much.out}${much.err}`).toContain('1 ');
    expect((await real.kueue(folder, file, 'list-resources')).out).toContain('matlab');
    expect((await real.kueue(folder, file, 'show-worker', '1')).out).toContain('Linux');
    expect((await real.kueue(folder, file, 'clean-jobs', '-a')).out).toContain('1 jobs removed');
  });

  test('remove-job: pending, running without and with -k; its process is gone and the worker takes the next', async () => {
    await using real = await openReal();
    const file = await real.config('c', { slots: 1 });
    const waiting = real.kueue(folder, file, 'cmd', '--wait', '--', 'true');
    await until(async () => (await real.place.store.query.tasks({}, page)).length === 1);
    expect((await real.kueue(folder, file, 'remove-job', '1')).out).toContain('canceled');
    expect(await waiting).toEqual({ code: 0, out: '', err: '' });
    real.worker(folder, file);
    const pids = join(real.place.folder, 'pid');
    await real.kueue(folder, file, 'cmd', '--', 'sh', '-c', `echo $$ > ${pids}; exec sleep 600`);
    await until(() => existsSync(pids) && readFileSync(pids, 'utf8') !== '');
    expect((await real.kueue(folder, file, 'remove-job', '2')).out).toContain('is running');
    const next = real.kueue(folder, file, 'cmd', '--wait', '--', 'true');
    await until(async () => (await real.place.store.query.tasks({}, page)).length === 3);
    expect((await real.kueue(folder, file, 'remove-job', '2', '-k')).code).toBe(0);
    expect((await next).out).toBe('0\n');
    expect(existsSync(`/proc/${readFileSync(pids, 'utf8').trim()}`)).toBe(false);
    expect((await real.kueue(folder, file, 'show-job', '2')).out).toContain('canceled');
  });

  test('a worker killed in mid-job: the job runs elsewhere; a server started anew goes on with the ids and shows the outputs', async () => {
    await using real = await openReal();
    const file = await real.config('c', { slots: 1 });
    const first = real.worker(folder, file);
    await real.kueue(folder, file, 'cmd', '--wait', '--', 'echo', 'kept');
    const mark = join(real.place.folder, 'runs');
    await real.kueue(folder, file, 'cmd', '--', 'sh', '-c', `echo x >> ${mark}; sleep 1`);
    await until(() => existsSync(mark));
    first.kill('SIGKILL');
    await until(async () => (await real.place.store.query.task(2))?.task.state.state === 'ready');
    await real.place.restart();
    const after = await real.config('after', { slots: 1 });
    expect(shown((await real.kueue(folder, after, 'show-job', '1')).out)).toBe('kept');
    real.worker(folder, after);
    expect((await real.kueue(folder, after, 'wait-job', '2')).code).toBe(0);
    expect(readFileSync(mark, 'utf8')).toBe('x\nx\n');
    expect((await real.kueue(folder, after, 'cmd', '--', 'true')).out).toBe('3\n');
  });

  test('more jobs than slots: each once; 20 MB of output; text in UTF-8; an impossible number breaks no list', async () => {
    await using real = await openReal();
    const file = await real.config('c', { slots: 2 });
    real.worker(folder, file);
    const mark = join(real.place.folder, 'each');
    for (let i = 1; i <= 8; i++) await real.kueue(folder, file, 'cmd', '--', 'sh', '-c', `echo ${i} >> ${mark}`);
    for (let i = 1; i <= 8; i++) await real.kueue(folder, file, 'wait-job', String(i));
    expect(readFileSync(mark, 'utf8').trim().split('\n').map(Number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const flood = await real.kueue(folder, file, 'cmd', '--wait', '--', 'sh', '-c', 'head -c 20000000 /dev/zero');
    expect(flood.out).toBe('0\n');
    const { out } = await real.kueue(folder, file, 'show-job', '9');
    expect(out.length).toBeGreaterThan(20_000_000);
    await real.kueue(folder, file, 'cmd', '--wait', '--', 'echo', 'Größe 大 😀');
    expect(shown((await real.kueue(folder, file, 'show-job', '10')).out)).toBe('Größe 大 😀');
    expect((await real.kueue(folder, file, 'list-jobs', '-n', '3', '-s')).out).toContain('10');
  }, 60_000);
});
