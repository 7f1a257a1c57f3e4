import { spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stamp } from '../lib/clock.ts';
import { serveCalls } from '../lib/program.ts';

/** Runs by hand: a folder for each, its files copied there, the engine started in it; so many at a time. */
serveCalls({
  async run(input: { folder: string; engine: string; count: number; slots: number; files: Record<string, string> }) {
    const { folder, engine, count, slots, files } = input;
    const source = join(folder, 'source');
    await mkdir(source, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(source, name), text);
    let next = 0;
    const from = stamp();
    const loop = async (): Promise<void> => {
      while (next < count) {
        const at = join(folder, `run-${next++}`);
        await mkdir(at);
        for (const name in files) await copyFile(join(source, name), join(at, name));
        await once(engine, at);
      }
    };
    await Promise.all(Array.from({ length: slots }, loop));
    return stamp() - from;
  },
  close() {},
});

function once(engine: string, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(engine, ['input.properties'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`the engine ended with ${code}`))));
  });
}
