import { type Bench, type BenchResult, type Line, met, type Verdict } from './bench.ts';
import { median, short } from './figures.ts';
import type { FlushTime } from './flush-time.ts';
import type { Machine } from './machine.ts';

export interface Run {
  readonly at: string;
  readonly machine: Machine;
  readonly flushAfter: FlushTime;
  readonly libraries: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly version: string; readonly durability: string }[];
  readonly results: readonly Measured[];
}

export type Measured = Pick<Bench, 'name' | 'title' | 'method'> & { readonly seconds: number } & (
    | { readonly result: BenchResult }
    | { readonly failed: string }
  );

/** The whole run as Markdown. */
export function report(run: Run): string {
  const verdicts = run.results.flatMap((one) => ('result' in one ? one.result.verdicts : []));
  return [
    '# Benchmarks',
    `${run.at}, commit ${run.machine.commit}. Figures are medians of rounds; ratios hold, absolute figures are of this machine and this minute.`,
    verdictTable(verdicts),
    ...run.results.map(section),
    '## Surroundings',
    surroundings(run),
  ].join('\n\n');
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((one) => {
    const sign = one.better === 'higher' ? '≥' : '≤';
    const value = `${short(one.value)} ${one.unit}`;
    return [one.target, `${sign} ${short(one.limit)} ${one.unit}`, value, met(one) ? 'met' : '**missed**'];
  });
  return table(['what', 'target', 'measured', ''], rows);
}

function section(one: Measured): string {
  const head = `## ${one.title} (\`${one.name}\`)\n\n${one.method}`;
  if ('failed' in one) return `${head}\n\n**It failed:** ${one.failed}`;
  const { lines, leftOut = [], notes = [] } = one.result;
  const remarks = [...leftOut.map(({ who, why }) => `Left out: ${who} (${why}).`), ...notes];
  return [head, lineTable(lines), ...(remarks.length > 0 ? [remarks.map((text) => `- ${text}`).join('\n')] : [])].join('\n\n');
}

export function lineTable(lines: readonly Line[]): string {
  const rows = lines.map(({ what, unit, rounds, note = '' }) => {
    const range = rounds.length > 1 ? `${short(Math.min(...rounds))} … ${short(Math.max(...rounds))}` : '';
    return [what, `${short(median(rounds))} ${unit}`, range, note];
  });
  return table(['what', 'median', 'rounds', ''], rows);
}

function surroundings({ machine, flushAfter, libraries, servers }: Run): string {
  const flush = ({ medianMs, p99Ms }: FlushTime): string => `${short(medianMs)} ms (p99 ${short(p99Ms)} ms)`;
  const rows = [
    ['processors', machine.processors],
    ['memory', `${machine.memoryGb} GB`],
    ['system', machine.system],
    ['Node', machine.node],
    ['SQLite (ours)', `${machine.sqlite}, WAL, synchronous=FULL`],
    ...servers.map(({ version, durability }) => [version, durability]),
    ...Object.entries(libraries),
    ['disk flush of 4 KiB', `${flush(machine.flush)} before, ${flush(flushAfter)} after`],
    ['load before the run', machine.load.toFixed(2)],
  ];
  return table(['', ''], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
