import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Link } from '../../packages/printer-agent/src/link.ts';
import { FileFeed } from '../../packages/printer-agent/src/print/feed.ts';
import type { OpenPort, PortEvents } from '../../packages/printer-agent/src/serial/port.ts';
import { virtualLine } from '../../packages/printer-agent/src/serial/virtual-port.ts';
import { realSystem } from '../../packages/printer-agent/src/system.ts';
import { paced } from '../../packages/printer-agent/src/virtual/pace.ts';
import { VirtualPrinter } from '../../packages/printer-agent/src/virtual/printer.ts';
import { stamp } from '../lib/clock.ts';

export interface PrintOptions {
  readonly folder: string;
  readonly lines: number;
  /** Millimetres of each move, at 100 mm/s. */
  readonly length: number;
  /** Null: as fast as both ends are. */
  readonly baud: number | null;
  /** Times as fast as a real one; Infinity: moves take no time. */
  readonly speed: number;
}

export interface PrintFigures {
  readonly linesPerSecond: number;
  /** Times that the printer had to stop because no move was planned. */
  readonly starved: number;
  readonly moves: number;
}

/** Prints a file of moves from disk on a virtual printer in this process, every line numbered and acknowledged. */
export async function printOnce({ folder, lines, length, baud, speed }: PrintOptions): Promise<PrintFigures> {
  const path = join(folder, `${lines}.gcode`);
  await writeFile(path, fileOf(lines, length));
  const ended = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const { printer, open } = openLine(baud, speed);
  const link = new Link(
    { open, baud: 115_200, system: realSystem, printer: { park: null, bootMs: 10_000 }, unsafe: null },
    {
      changed: ({ status }) => {
        if (status === 'available') ready.resolve();
      },
      ended: ({ result, message }) => (result === 'completed' ? ended.resolve() : ended.reject(new Error(message ?? result))),
      answered: () => {},
      refused: () => {},
      safe: () => {},
      note: () => {},
    },
  );
  link.open();
  await ready.promise;
  const feed = await FileFeed.open(path);
  const from = stamp();
  link.print(feed);
  await ended.promise;
  const seconds = (stamp() - from) / 1_000;
  const { moves, starved } = printer.motion;
  await link.close();
  printer.off();
  return { linesPerSecond: lines / seconds, starved, moves };
}

/** What a move of a curve looks like: 31 bytes on the wire and more, as slicers write it. */
function fileOf(lines: number, length: number): string {
  const each = (at: number) => `G1 X${(100 + (at % 2) * length).toFixed(3)} Y100.000 E${(at * 0.04).toFixed(5)}`;
  return `${['G1 F6000', ...Array.from({ length: lines - 1 }, (_, at) => each(at))].join('\n')}\n`;
}

function openLine(baud: number | null, speed: number): { readonly printer: VirtualPrinter; readonly open: OpenPort } {
  const line = virtualLine(
    () => printer,
    (call) => void setImmediate(call),
  );
  const back = baud === null ? line.output : paced(baud, realSystem, line.output);
  const printer: VirtualPrinter = new VirtualPrinter(
    { clock: realSystem, dice: () => realSystem.dice(), speed },
    { output: back, unplugged: line.unplugged },
  );
  if (baud === null) return { printer, open: line.open };
  const open = async (rate: number, events: PortEvents) => {
    const port = await line.open(rate, events);
    return { ...port, write: paced(baud, realSystem, (bytes) => port.write(bytes)) };
  };
  return { printer, open };
}
