import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './lib.ts';

/** Everything that can be found out without running the product, in order, each with one line. All are run, even after a failure. */
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['types of the page', 'tsc', '-p', 'packages/dashboard'],
  ['lint and format', 'biome', 'check', '--error-on-warnings', '.'],
  ['floating promises', 'oxlint', '--type-aware', '--deny-warnings', '.'],
  ['boundaries', 'node', 'tools/boundaries.ts'],
  ['checklists', 'node', 'tools/checklist.ts'],
  ['generated docs', 'node', 'tools/generate-docs.ts', '--check'],
];

/** Programs of this clone only. */
function programOf(command: string): string {
  return command === 'node' ? process.execPath : path.join(root, 'node_modules/.bin', command);
}

function run(command: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(programOf(command), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: `${error.message}\n` }));
    child.on('close', (status) => resolve({ ok: status === 0, output: Buffer.concat(chunks).toString() }));
  });
}

let failed = 0;
for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const { ok, output } = await run(command, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!ok) {
    failed += 1;
    process.stdout.write(output.endsWith('\n') || output === '' ? output : `${output}\n`);
  }
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
}
console.log(failed === 0 ? 'check: all well' : `check: ${failed} of ${steps.length} failed`);
process.exitCode = failed === 0 ? 0 : 1;
