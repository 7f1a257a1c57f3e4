import { Link, type LinkRhythm } from '../../src/link.ts';
import type { Ending, FedLine } from '../../src/marlin/machine.ts';
import type { Park } from '../../src/marlin/scripts.ts';
import type { Feed } from '../../src/print/feed.ts';
import type { OpenPort } from '../../src/serial/port.ts';
import { virtualLine } from '../../src/serial/virtual-port.ts';
import { type VirtualOptions, VirtualPrinter } from '../../src/virtual/printer.ts';
import { FakeSystem, seeded } from './fake-system.ts';

export interface YardOptions extends Partial<Omit<VirtualOptions, 'clock' | 'dice'>> {
  readonly seed?: number;
  readonly park?: Park | null;
  readonly unsafe?: string | null;
  readonly rhythm?: Partial<LinkRhythm>;
  /** A board whose opening does not reset it. */
  readonly noReset?: boolean;
  readonly baud?: number | null;
}

/** A printer link and a virtual printer on one fake clock, with all that passed between them. */
export class PrinterYard {
  readonly system: FakeSystem;
  readonly printer: VirtualPrinter;
  readonly link: Link;
  /** Lines of both sides in order: `> ` from us, `< ` from the printer. */
  readonly wire: string[] = [];
  readonly ends: Ending[] = [];
  readonly answers = new Map<string, readonly string[] | string>();
  readonly notes: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  safes = 0;
  opens = 0;
  /** The port is not there. */
  missing = false;

  constructor(options: YardOptions = {}) {
    const dice = seeded(options.seed ?? 1);
    this.system = new FakeSystem();
    const line = virtualLine(
      () => this.printer,
      (call) => void this.system.after(0, call),
    );
    this.printer = new VirtualPrinter(
      { ...options, clock: this.system, dice },
      {
        output: (bytes) => {
          this.#record('< ', bytes);
          line.output(bytes);
        },
        unplugged: line.unplugged,
      },
    );
    this.link = new Link(
      {
        open: this.#opener(line.open, options.noReset ?? false),
        baud: options.baud ?? null,
        system: this.system,
        printer: { park: options.park ?? null, bootMs: 10_000 },
        unsafe: options.unsafe ?? null,
        ...(options.rhythm === undefined ? {} : { rhythm: options.rhythm }),
      },
      {
        changed: () => {},
        ended: (ending) => this.ends.push(ending),
        answered: (id, response) => this.answers.set(id, response),
        refused: (id, why) => this.answers.set(id, why),
        safe: () => {
          this.safes += 1;
        },
        note: (event, fields) => this.notes.push({ event, fields }),
      },
    );
  }

  /** Opened, and ready unless told otherwise. */
  static async open(options: YardOptions = {}): Promise<PrinterYard> {
    const yard = new PrinterYard(options);
    yard.link.open();
    await yard.settle();
    yard.system.turnUntil(() => yard.link.view.status !== 'unavailable', 60_000);
    return yard;
  }

  #opener(open: OpenPort, noReset: boolean): OpenPort {
    return async (baud, events) => {
      this.opens += 1;
      if (this.missing) throw new Error('it is not there');
      const { printer } = this;
      // A board that is not reset goes on as it was.
      const boot = printer.boot;
      if (noReset) printer.boot = () => {};
      const port = await open(baud, events);
      printer.boot = boot;
      return {
        ...port,
        write: (text) => {
          this.#record('> ', text);
          port.write(text);
        },
      };
    };
  }

  #record(mark: string, bytes: string): void {
    for (const line of bytes.split(/[\r\n]+/)) if (line !== '') this.wire.push(mark + line);
  }

  /** Lets promises (not time) pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  print(lines: readonly string[]): void {
    if (!this.link.print(new ListFeed(lines))) throw new Error('the printer is not ready for a print');
  }

  untilEnded(mostMs = 600_000): Ending {
    const before = this.ends.length;
    this.system.turnUntil(() => this.ends.length > before, mostMs);
    return this.ends.at(-1) as Ending;
  }

  until(holds: () => boolean, mostMs = 120_000): void {
    this.system.turnUntil(holds, mostMs);
  }

  /** Commands that the printer took, in order, without those that ask how it is. */
  get taken(): string[] {
    return this.printer.taken.map(({ command }) => command).filter((command) => !/^M(105|155|115|110)\b/.test(command));
  }

  sent(pattern: RegExp): string[] {
    return this.wire.filter((line) => line.startsWith('> ') && pattern.test(line));
  }

  async close(): Promise<void> {
    await this.link.close();
    this.printer.off();
    // What was said last is still on its way.
    this.system.turn(0);
  }
}

/** A print that stands in a list; offsets are as of a file with one `\n` after each. */
export class ListFeed implements Feed {
  readonly #lines: readonly string[];
  #at = 0;
  #offset = 0;
  closed = false;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  next(): FedLine | null {
    const text = this.#lines[this.#at++];
    if (text === undefined) return null;
    this.#offset += text.length + 1;
    return { text, offset: this.#offset };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export const moves = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `G1 X${at % 100} Y${(at * 7) % 100} E${(at / 10).toFixed(1)} F6000`);
