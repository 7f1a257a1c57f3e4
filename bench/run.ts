import { mkdir, writeFile } from 'node:fs/promises';
import { benches } from './benches/table.ts';
import type { Bench } from './lib/bench.ts';
import { stamp } from './lib/clock.ts';
import { flushTime } from './lib/flush-time.ts';
import { type Ground, openGround } from './lib/ground.ts';
import { installPeers } from './lib/install-peers.ts';
import { describeMachine, libraryVersions } from './lib/machine.ts';
import { lineTable, type Measured, type Run, report, verdictTable } from './lib/report.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are: ${benches.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = wanted.length === 0 ? benches : benches.filter(({ name }) => wanted.includes(name));

installPeers();
const machine = await describeMachine();
const ground = openGround((text) => console.log(`  ${text}`));
let run: Run;
try {
  const results: Measured[] = [];
  for (const bench of chosen) results.push(await measure(bench, ground));
  const servers = ground.started.map(({ version, durability }) => ({ version, durability }));
  run = {
    at: new Date().toISOString(),
    machine,
    flushAfter: await flushTime(),
    libraries: libraryVersions(),
    servers,
    results,
  };
} finally {
  await ground.close();
}
await keep(run, wanted.length === 0 ? 'latest' : wanted.join('-'));
console.log(`\n${verdictTable(run.results.flatMap((one) => ('result' in one ? one.result.verdicts : [])))}`);
process.exitCode = run.results.some((one) => 'failed' in one) ? 1 : 0;

async function measure(bench: Bench, ground: Ground): Promise<Measured> {
  const { name, title, method } = bench;
  console.log(`\n${title}`);
  const from = stamp();
  const seconds = (): number => Math.round((stamp() - from) / 1_000);
  try {
    const result = await bench.run(ground);
    console.log(lineTable(result.lines));
    for (const { who, why } of result.leftOut ?? []) console.log(`left out: ${who} (${why})`);
    for (const note of result.notes ?? []) console.log(note);
    return { name, title, method, seconds: seconds(), result };
  } catch (error) {
    console.error(error);
    return { name, title, method, seconds: seconds(), failed: (error as Error).message };
  }
}

async function keep(run: Run, name: string): Promise<void> {
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(run, null, 2)}\n`);
  await writeFile(new URL(`${name}.md`, folder), `${report(run)}\n`);
  console.log(`\nKept in bench/results/${name}.md and .json`);
}
