import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mainFile, Yard } from './lib/yard.ts';

/**
 * Prints how fast the worker's side is: `node packages/worker/test/measure.ts [file of the worker]`. The server is the
 * scripted one; never part of the tests.
 */
const file = process.argv[2] ?? mainFile;
const yard = new Yard();

async function noop(count: number, window: number): Promise<number> {
  const server = await yard.server();
  const worker = yard.process(server, ['--kind', 'noop'], file);
  const peer = await server.peer();
  const tasks = (first: number, many: number) =>
    Array.from({ length: many }, (_, index) => ({ task: first + index, kind: 'noop' }));
  const since = performance.now();
  let said = 0;
  const more = (many: number) => {
    if (many > 0) peer.run(...tasks(said + 1, many));
    said += many;
  };
  more(window);
  let ended = 0;
  while (ended < count) {
    await peer.until(() => peer.received.length > 1 + ended);
    const now = peer.received.length - 1;
    more(Math.min(now - ended, count - said));
    ended = now;
  }
  const ms = performance.now() - since;
  await worker.kill();
  await server.close();
  return (count / ms) * 1_000;
}

async function real(count: number, slots: number): Promise<number> {
  const server = await yard.server();
  const worker = yard.process(server, ['--slots', String(slots)], file);
  const peer = await server.peer();
  const since = performance.now();
  let said = 0;
  const more = () => {
    said += 1;
    peer.run({ task: said, body: { payload: { argv: ['true'] } } });
  };
  for (let slot = 0; slot < slots; slot += 1) more();
  for (let ended = 0; ended < count; ) {
    await peer.until(() => peer.received.length > 1 + ended);
    for (const now = peer.received.length - 1; ended < now; ended += 1) if (said < count) more();
  }
  const ms = performance.now() - since;
  await worker.kill();
  await server.close();
  return ms / count;
}

/** The same processes by a plain loop in a process of its own. */
function plain(count: number, slots: number, stdio: string): Promise<number> {
  const code = `
    const { spawn } = require('node:child_process');
    let said = 0, ended = 0; const since = performance.now();
    const more = () => { if (said++ < ${count}) spawn('true', [], { stdio: ${stdio}, detached: true }).on('close', () => { if (++ended === ${count}) console.log((performance.now() - since) / ${count}); more(); }); };
    for (let i = 0; i < ${slots}; i++) more();`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (text: Buffer) => resolve(Number(text.toString())));
  });
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
console.log('noop tasks per second, window 256:', Math.round(await noop(100_000, 256)));
console.log('noop tasks per second, window 16:', Math.round(await noop(50_000, 16)));
// The machine may be busy: the best of several turns, in turns.
const best = { pipes: Infinity, none: Infinity, ours: Infinity };
for (let turn = 0; turn < 8; turn += 1) {
  best.pipes = Math.min(best.pipes, await plain(300, 2, `['ignore','pipe','pipe']`));
  best.none = Math.min(best.none, await plain(300, 2, `'ignore'`));
  best.ours = Math.min(best.ours, await real(300, 2));
  rmSync(join(yard.folder, 'work'), { recursive: true, force: true });
}
console.log(
  `true, 2 slots, ms each: plain loop ${round(best.pipes)} with pipes, ${round(best.none)} without; worker ${round(best.ours)}`,
);
console.log(`ratio ${round(best.ours / best.pipes)} to the loop with pipes, ${round(best.ours / best.none)} to the one without`);
await yard.close();
