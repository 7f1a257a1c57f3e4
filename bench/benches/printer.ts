import { canOpenPty } from '../../packages/printer-agent/src/virtual/pty.ts';
import type { Bench, Line, Verdict } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { percentile } from '../lib/figures.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { emergencyOnce } from '../ours/emergency.ts';
import { type PrintFigures, type PrintOptions, printOnce } from '../ours/printer-line.ts';

const rounds = 3;
const baud = 115_200;
const stops = 10;

export const printer: Bench = {
  name: 'printer',
  title: 'A printer on its line',
  method: `Our printer agent's link prints a file of moves from disk on the virtual printer, both in this process: each line numbered, one in flight, each awaiting its ok; ${rounds} rounds. "Unlimited": no line speed, moves take no time. "${baud} baud": every byte of both directions takes its time (10 bits), with moves that take none (the most that one command in flight can carry), then with moves of 1 mm at 100 mm/s as in a fine curve, where the planner (16 moves) must never run empty. Then ${stops} emergency stops over a real pty (socat) in the middle of an M109 with 20 commands waiting: from the wish to the halt of the printer.`,
  async run() {
    await using closing = new Closing();
    const folder = closing.add(await tempFolder('printer')).path;
    const run = (options: Omit<PrintOptions, 'folder'>) => inRounds(() => printOnce({ folder, ...options }));
    const endless = Number.POSITIVE_INFINITY;
    const unlimited = await run({ lines: 100_000, length: 1, baud: null, speed: endless });
    const carried = await run({ lines: 1_500, length: 1, baud, speed: endless });
    const real = await run({ lines: 1_000, length: 1, baud, speed: 1 });
    const starved = Math.max(...real.map((one) => one.starved));
    const lines: Line[] = [
      lineOf('unlimited', unlimited),
      lineOf(`${baud} baud, moves of no time`, carried),
      lineOf(`${baud} baud, moves of 10 ms`, real, `planner empty ${starved} times in ${real[0]?.moves ?? 0} moves`),
    ];
    const verdicts: Verdict[] = [
      { target: `planner found empty at ${baud} baud`, value: starved, limit: 0, better: 'lower', unit: 'times' },
    ];
    if (!(await canOpenPty())) return { lines, verdicts, leftOut: [{ who: 'emergency stop', why: 'there is no socat' }] };
    const times: number[] = [];
    for (let turn = 0; turn < stops; turn++) times.push(await emergencyOnce(folder, turn));
    lines.push({ what: 'M112 in the middle of an M109, to the halt', unit: 'ms', rounds: times });
    verdicts.push({ target: 'M112 to the halt, worst', value: percentile(times, 1), limit: 100, better: 'lower', unit: 'ms' });
    return { lines, verdicts };
  },
};

async function inRounds(run: () => Promise<PrintFigures>): Promise<PrintFigures[]> {
  const figures: PrintFigures[] = [];
  for (let round = 0; round < rounds; round++) figures.push(await run());
  return figures;
}

function lineOf(what: string, figures: readonly PrintFigures[], note = ''): Line {
  return { what, unit: 'lines/s', rounds: figures.map((one) => one.linesPerSecond), ...(note === '' ? {} : { note }) };
}
