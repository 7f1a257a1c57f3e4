import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ScriptedWorker, type Task } from '../flamenco/lib/scripted-worker.ts';
import { until } from '../lib/until.ts';
import { Yard } from '../system/lib/yard.ts';

const program = fileURLToPath(new URL('../../../worker/src/main.ts', import.meta.url));
const patience = 60_000;

/** Stands for Blender on our worker: writes a file for each frame, once the other worker has begun too. */
const blender = (mark: string, other: string): string => `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in --render-output) out=$2; shift;; --render-frame) frames=$2; shift;; esac
  shift
done
touch '${mark}'
until [ -e '${other}' ]; do sleep 0.02; done
for frame in $(echo "$frames" | tr , ' '); do
  file="\${out%######}$(printf %06d "$frame").png"
  echo ours > "$file"
  echo "Saved: '$file'"
done
`;

/** A worker of ours with this folder first on its PATH. */
async function ours(yard: Yard, folder: string): Promise<void> {
  const token = join(folder, 'worker.token');
  const made = await yard.cli(['token', 'create', 'farm', '--role', 'worker', '--to', token]);
  expect(made).toMatchObject({ code: 0 });
  const flags = ['--server', yard.ready.url, '--token-file', token, '--work', join(folder, 'work'), '--slots', '1'];
  const kinds = ['--kind', 'blender-render', '--kind', 'file-management'];
  const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: folder };
  const child = spawn(process.execPath, [program, ...flags, ...kinds, '--name', 'ours'], { env, stdio: 'ignore' });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await once(child, 'exit');
    }
  }, patience);
}

/** A Flamenco worker whose day has 24 minutes; it renders by writing files too. */
function theirs(yard: Yard, mark: string): ScriptedWorker {
  const time = {
    now: () => Date.now(),
    after: (ms: number, call: () => void) => {
      const timer = setTimeout(call, ms / 60);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const worker = new ScriptedWorker({
    url: yard.ready.url,
    time,
    nickname: 'theirs',
    taskTypes: ['blender-render'],
    exec: () => {
      writeFileSync(mark, '');
      return { lines: written(worker.running?.task).map((path) => `Saved: '${path}'`) };
    },
  });
  onTestFinished(() => worker.terminate(), patience);
  worker.start();
  return worker;
}

function written(task: Task | undefined): string[] {
  const { render_output: output = '', frames = '' } = (task?.commands[0]?.settings ?? {}) as Record<string, string>;
  mkdirSync(dirname(output), { recursive: true });
  return frames.split(',').map((frame) => {
    const path = output.replace(/#{6}$/, `${frame.padStart(6, '0')}.png`);
    writeFileSync(path, 'theirs\n');
    return path;
  });
}

test(
  'flamenco §9.25 one job, its chunks rendered by our worker and by a Flamenco worker, the rest after them',
  async () => {
    const yard = await Yard.forTest();
    await yard.start(['--no-local-worker']);
    const { path: folder } = yard.dir;
    const [mine, other] = [join(folder, 'ours-began'), join(folder, 'theirs-began')];
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/blender'), blender(mine, other), { mode: 0o755 });
    await writeFile(join(folder, 'shot.blend'), '');
    await ours(yard, folder);
    const client = await yard.client();
    // Ours is given the first chunk at once, and does not end it before the other one has begun too.
    await until(async () => (await client.workers.list()).some(({ status }) => status === 'online'));
    const worker = theirs(yard, other);
    const done = await yard.cli(['render', 'shot.blend', '--frames', '1-8', '--chunk', '2', '--output', 'out', '--json']);
    expect(done.err).toContain('succeeded');
    expect(done.code).toBe(0);
    const names = (await readdir(join(folder, 'out'))).sort();
    expect(names).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `00000${n}.png`));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, 'out', name), 'utf8')));
    expect(new Set(texts)).toEqual(new Set(['ours\n', 'theirs\n']));
    // Each chunk once, by one of them; the same task, with the program where each of them has it.
    const { id } = JSON.parse(done.out) as { id: number };
    const { tasks } = await client.jobs.tasks(id, { limit: 100 });
    const by = (name: string) => tasks.filter((task) => task.worker?.name === name && task.kind === 'blender-render');
    expect(by('theirs').length + by('ours').length).toBe(4);
    expect(worker.ran).toHaveLength(by('theirs').length);
    expect(texts.filter((text) => text === 'theirs\n')).toHaveLength(2 * by('theirs').length);
    expect(worker.ran[0]).toMatchObject({
      name: expect.stringMatching(/^blender-render-\d,\d$/),
      commands: [
        { name: 'blender_render', settings: { blender_cmd: '/usr/bin/blender', frames: expect.stringMatching(/^\d,\d$/) } },
      ],
    });
    expect(tasks.find(({ key }) => key === 'move-to-final')).toMatchObject({ state: 'succeeded', worker: { name: 'ours' } });
  },
  patience,
);
