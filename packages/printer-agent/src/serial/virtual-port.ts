import type { VirtualPrinter } from '../virtual/printer.ts';
import type { OpenPort, PortEvents } from './port.ts';

export interface VirtualLine {
  readonly open: OpenPort;
  /** What the virtual printer's `output` must be given to. */
  readonly output: (bytes: string) => void;
  readonly unplugged: () => void;
}

/**
 * A cable to a virtual printer in this process: opening resets it, as with most boards. What it says comes in a later turn,
 * in `defer`, so that neither end calls into the other.
 */
export function virtualLine(printer: () => VirtualPrinter, defer: (call: () => void) => void): VirtualLine {
  let events: PortEvents | null = null;
  let said: string[] = [];
  const tell = () => {
    const text = said.join('');
    said = [];
    events?.data(Buffer.from(text, 'latin1'));
  };
  return {
    output: (bytes) => {
      said.push(bytes);
      if (said.length === 1) defer(tell);
    },
    unplugged: () => {
      const peer = events;
      events = null;
      said = [];
      defer(() => peer?.lost('the cable was pulled'));
    },
    open: (_, peer) => {
      if (events !== null) return Promise.reject(new Error('the virtual port is in use'));
      events = peer;
      printer().boot();
      return Promise.resolve({
        write: (text) => printer().receive(text),
        close: () => {
          events = null;
          said = [];
          // It lives in this process only for us: without a port it has no power either.
          printer().off();
          return Promise.resolve();
        },
      });
    },
  };
}
