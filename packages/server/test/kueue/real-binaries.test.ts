import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realClock } from '../../src/app/real-clock.ts';
import { openPlace, type Place, secret } from './lib/place.ts';

/**
 * The real programs, where somebody has them: `KUEUE_BIN_DIR=/path/to/bin` (several, separated by colons, for several
 * versions), as `cargo install kueue --root /path/to` leaves them. Not part of the everyday tests: they are not ours.
 */
const folders = (process.env.KUEUE_BIN_DIR ?? '').split(':').filter((folder) => existsSync(join(folder, 'kueue')));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function openReal(options: Parameters<typeof openPlace>[0] = {}) {
  const place = await openPlace({ realClock: realClock, onDisk: true, ...options });
  const configs = new Map<string, string>();
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
    configs,
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

const workers = async (place: Place): Promise<number> =>
  (await place.store.query.workers()).filter(({ reported }) => reported !== null).length;

describe.skipIf(folders.length === 0)('the real kueue programs (KUEUE_BIN_DIR names none: left out)', () => {
  const [folder = ''] = folders;

  test('submit, run, show, wait, list', async () => {
    await using real = await openReal();
    const file = await real.config('c');
    const issued = await real.kueue(folder, file, 'cmd', '--', 'sh', '-c', 'echo hi; exit 3');
    expect(issued).toEqual({ code: 0, out: '1\n', err: '' });
    real.worker(folder, file);
    const waited = await real.kueue(folder, file, 'wait-job', '1');
    expect(waited).toEqual({ code: 0, out: '', err: '' });
    const shown = await real.kueue(folder, file, 'show-job', '1');
    console.log(shown.out, shown.err);
    console.log((await real.kueue(folder, file, 'list-jobs')).out);
    console.log((await real.kueue(folder, file, 'list-workers')).out);
    expect(shown.out).toContain('hi');
    expect(await workers(real.place)).toBe(1);
  });
});
