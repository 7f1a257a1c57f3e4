import { once } from 'node:events';
import { join } from 'node:path';
import { Link } from '../../packages/printer-agent/src/link.ts';
import { serialPort } from '../../packages/printer-agent/src/serial/serial-port.ts';
import { realSystem } from '../../packages/printer-agent/src/system.ts';
import { VirtualPrinter } from '../../packages/printer-agent/src/virtual/printer.ts';
import { openPty } from '../../packages/printer-agent/src/virtual/pty.ts';
import { stamp } from '../lib/clock.ts';

/** Milliseconds from the wish to the halt of a printer on a pty, in the middle of an M109 with other commands waiting. */
export async function emergencyOnce(folder: string, turn: number): Promise<number> {
  const events = new EventTarget();
  const pty = await openPty(join(folder, `port-${turn}`), (text) => {
    printer.receive(text);
    if (printer.halted) events.dispatchEvent(new Event('halted'));
  });
  const printer = new VirtualPrinter(
    { clock: realSystem, dice: () => realSystem.dice() },
    { output: (bytes) => pty.write(bytes), unplugged: () => {} },
  );
  printer.boot();
  const link = new Link(
    { open: serialPort(pty.path), baud: 115_200, system: realSystem, printer: { park: null, bootMs: 10 }, unsafe: null },
    {
      changed: ({ status }) => {
        if (status !== 'unavailable') events.dispatchEvent(new Event('ready'));
      },
      ended: () => {},
      answered: () => {},
      refused: () => {},
      safe: () => {},
      note: () => {},
    },
  );
  link.open();
  await once(events, 'ready');
  link.ask('heat', 'M109 S250');
  for (let i = 0; i < 20; i++) link.ask(`wait-${i}`, 'M117 hello');
  const halted = once(events, 'halted');
  while (printer.tools[0]?.target !== 250) await new Promise((resolve) => setImmediate(resolve));
  const from = stamp();
  link.emergency();
  await halted;
  const ms = stamp() - from;
  await link.close();
  printer.off();
  await pty.end();
  return ms;
}
