import { spawn } from 'node:child_process';
import { stamp } from '../lib/clock.ts';
import { serveCalls } from '../lib/program.ts';

/** The least that a program can do to run others: so many at a time, the next one when one has ended. */
serveCalls({
  async run({ count, slots, capture }: { count: number; slots: number; capture: boolean }) {
    let left = count;
    const from = stamp();
    const loop = async (): Promise<void> => {
      while (left-- > 0) await once(capture);
    };
    await Promise.all(Array.from({ length: slots }, loop));
    return stamp() - from;
  },
  close() {},
});

function once(capture: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const output = capture ? 'pipe' : 'ignore';
    const child = spawn('true', [], { stdio: ['ignore', output, output] });
    child.stdout?.resume();
    child.stderr?.resume();
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`true ended with ${code}`))));
  });
}
