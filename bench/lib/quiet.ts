import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { stamp } from './clock.ts';

const lookMs = 250;
/** Share of all processors that may be busy while we only wait: our own idle servers need less. */
const noise = 0.15;

/** How long a round waits for others to leave the machine alone; `BENCH_PATIENCE` in seconds. */
const patienceMs = Number(process.env.BENCH_PATIENCE ?? 2) * 1_000;

/** Waits, but not for ever, until nobody else uses the machine. Whether that was so; true where it cannot be known. */
export async function quiet(): Promise<boolean> {
  const until = stamp() + patienceMs;
  for (;;) {
    if ((await busyShare()) < noise) return true;
    if (stamp() > until) return false;
  }
}

/** Was it still so right after a round? */
export async function stillQuiet(): Promise<boolean> {
  return (await busyShare()) < noise;
}

/** Share of processor time in use over a quarter of a second; 0 where there is no /proc. */
async function busyShare(): Promise<number> {
  const before = times();
  await setTimeout(lookMs);
  const after = times();
  const all = after.all - before.all;
  return all > 0 ? (after.busy - before.busy) / all : 0;
}

function times(): { all: number; busy: number } {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
    const fields = line.split(/\s+/).slice(1, 9).map(Number);
    const all = fields.reduce((sum, ticks) => sum + ticks, 0);
    // Idle, and idle while a disk is waited for.
    return { all, busy: all - (fields[3] ?? 0) - (fields[4] ?? 0) };
  } catch {
    return { all: 0, busy: 0 };
  }
}
