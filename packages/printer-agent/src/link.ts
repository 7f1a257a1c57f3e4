import type { Effect, Ending, FedLine, Machine, MarlinEvent, Options } from './marlin/machine.ts';
import { heatersOff } from './marlin/scripts.ts';
import { newMachine, step, wakeAt } from './marlin/step.ts';
import { type View, viewOf } from './marlin/view.ts';
import type { Feed } from './print/feed.ts';
import { LineCutter } from './serial/line-cutter.ts';
import { bauds, type OpenPort, type Port } from './serial/port.ts';
import { backoff, type System, type Timer } from './system.ts';

export interface LinkOptions {
  readonly open: OpenPort;
  /** Null: the usual ones are tried in turn. */
  readonly baud: number | null;
  readonly system: System;
  readonly printer: Options;
  /** Why heaters may be on, from an earlier life; null: no reason. */
  readonly unsafe: string | null;
  readonly rhythm?: Partial<LinkRhythm>;
}

/** Milliseconds. */
export interface LinkRhythm {
  readonly reopen: { readonly first: number; readonly most: number };
  /** After an emergency stop: opening resets the board, and a person should look first. */
  readonly leaveAloneMs: number;
}

const defaultRhythm: LinkRhythm = { reopen: { first: 1_000, most: 30_000 }, leaveAloneMs: 15_000 };

export interface LinkEvents {
  /** After every turn in which something may have changed. */
  readonly changed: (view: View) => void;
  readonly ended: (ending: Ending) => void;
  readonly answered: (id: string, response: readonly string[]) => void;
  readonly refused: (id: string, why: string) => void;
  readonly safe: () => void;
  readonly note: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Longest line of a firmware that is looked at. */
const lineMost = 4_096;

/** The life of one printer on one port: opens it, runs the machine, opens it again. All decisions are the machine's. */
export class Link {
  readonly #options: LinkOptions;
  readonly #rhythm: LinkRhythm;
  readonly #events: LinkEvents;
  #machine: Machine;
  #port: Port | null = null;
  #cutter = new LineCutter(lineMost);
  #feed: Feed | null = null;
  #queue: MarlinEvent[] = [];
  #stepping = false;
  #wake: { readonly at: number; readonly timer: Timer } | null = null;
  #reopen: Timer | null = null;
  #tries = 0;
  #bauds = 0;
  #closed = false;
  #opening: Promise<void> = Promise.resolve();
  #said = '';

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#rhythm = { ...defaultRhythm, ...options.rhythm };
    this.#events = events;
    this.#machine = newMachine(options.printer, options.unsafe, options.system.monotonic());
  }

  get view(): View {
    return viewOf(this.#machine);
  }

  get firmware(): string | null {
    return this.#machine.firmware;
  }

  open(): void {
    if (this.#closed) return;
    this.#reopen = null;
    this.#opening = this.#open();
  }

  /** Takes the feed over and closes it when the print has ended. False: it is not ready for one. */
  print(feed: Feed): boolean {
    if (this.#machine.life.is !== 'ready' || this.#machine.job !== null) return false;
    this.#feed = feed;
    this.#tell({ is: 'print' });
    return true;
  }

  pause(): void {
    this.#tell({ is: 'pause' });
  }

  resume(): void {
    this.#tell({ is: 'resume' });
  }

  cancel(): void {
    this.#tell({ is: 'cancel' });
  }

  /** The answer comes as `answered` or `refused`. */
  ask(id: string, text: string): void {
    this.#tell({ is: 'ask', id, text });
  }

  /** False: there is no line to the printer. */
  emergency(): boolean {
    if (this.#port === null) return false;
    this.#tell({ is: 'emergency' });
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reopen?.cancel();
    await this.#opening;
    const port = this.#port;
    this.#port = null;
    // Nobody will watch it any more, and nothing is waited for: bare lines are taken at any time.
    if (this.#machine.job !== null) {
      port?.write(['M108', ...heatersOff(this.#machine.temperatures)].map((command) => `${command}\n`).join(''));
    }
    this.#tell({ is: 'lost', why: 'The agent was stopped' });
    this.#wake?.timer.cancel();
    this.#wake = null;
    await this.#dropFeed();
    await port?.close();
  }

  async #open(): Promise<void> {
    const baud = this.#options.baud ?? bauds[this.#bauds % bauds.length] ?? bauds[0];
    const cutter = new LineCutter(lineMost);
    this.#cutter = cutter;
    let port: Port | null = null;
    // Until `opened` has been said nothing else may be.
    const early: Uint8Array[] = [];
    const data = (bytes: Uint8Array) => {
      if (port === null) early.push(bytes);
      else if (this.#port === port) this.#hear(bytes);
    };
    const lost = (why: string) => {
      if (port !== null && this.#port === port) this.#lost(`The port was lost: ${why}`);
    };
    try {
      port = await this.#options.open(baud, { data, lost });
    } catch (error) {
      this.#failed((error as Error).message);
      return;
    }
    if (this.#closed) {
      await port.close();
      return;
    }
    this.#port = port;
    this.#said = '';
    this.#events.note('port:opened', { baud });
    this.#tell({ is: 'opened' });
    for (const bytes of early) this.#hear(bytes);
  }

  #failed(why: string): void {
    // Said once, not every half minute for as long as a printer is switched off.
    if (why !== this.#said) this.#events.note('port:failed', { why });
    this.#said = why;
    this.#later();
  }

  #lost(why: string): void {
    this.#port = null;
    this.#events.note('port:lost', { why });
    this.#tell({ is: 'lost', why });
    this.#later();
  }

  #later(ms = backoff(this.#tries++, this.#rhythm.reopen, this.#options.system)): void {
    if (this.#closed) return;
    this.#reopen?.cancel();
    this.#reopen = this.#options.system.after(ms, () => this.open());
  }

  #hear(bytes: Uint8Array): void {
    for (const text of this.#cutter.cut(bytes)) this.#queue.push({ is: 'line', text });
    this.#run();
  }

  #tell(event: MarlinEvent): void {
    this.#queue.push(event);
    this.#run();
  }

  /** One event after the other, also those that effects bring about at once. */
  #run(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    const { system } = this.#options;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      const { machine, effects } = step(this.#machine, event, system.monotonic());
      this.#machine = machine;
      for (const effect of effects) this.#do(effect);
    }
    this.#stepping = false;
    this.#arm();
    if (this.#machine.life.is === 'ready') this.#tries = 0;
    this.#events.changed(viewOf(this.#machine));
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'write':
        this.#port?.write(effect.text);
        break;
      case 'feed':
        this.#fetch();
        break;
      case 'answered':
        this.#events.answered(effect.id, effect.response);
        break;
      case 'refused':
        this.#events.refused(effect.id, effect.why);
        break;
      case 'ended':
        void this.#dropFeed();
        this.#events.ended({ result: effect.result, message: effect.message });
        break;
      case 'close':
        this.#leave(effect);
        break;
      case 'safe':
        this.#events.safe();
        break;
      case 'note':
        this.#events.note(effect.event, effect.fields);
        break;
    }
  }

  #leave({ why, reopen }: Effect & { do: 'close' }): void {
    const port = this.#port;
    this.#port = null;
    this.#events.note('port:closed', { why });
    if (reopen === 'baud') this.#bauds += 1;
    void port?.close().then(() => {
      if (reopen === 'later') this.#later(this.#rhythm.leaveAloneMs);
      else this.#later();
    });
  }

  #fetch(): void {
    const feed = this.#feed;
    if (feed === null) return;
    const fed = (line: FedLine | null) => {
      if (this.#feed === feed) this.#tell({ is: 'fed', line });
    };
    const broken = (error: Error) => {
      if (this.#feed === feed) this.#tell({ is: 'broken', why: `The file cannot be read: ${error.message}` });
    };
    const line = feed.next();
    if (line instanceof Promise) line.then(fed, broken);
    else fed(line);
  }

  async #dropFeed(): Promise<void> {
    const feed = this.#feed;
    this.#feed = null;
    await feed?.close().catch(() => {});
  }

  /** One timer; an early one does no harm, so it is left alone until it rings. */
  #arm(): void {
    const at = wakeAt(this.#machine);
    if (at === null || (this.#wake !== null && this.#wake.at <= at)) return;
    this.#wake?.timer.cancel();
    const { system } = this.#options;
    const timer = system.after(Math.max(0, at - system.monotonic()), () => {
      this.#wake = null;
      this.#tell({ is: 'time' });
    });
    this.#wake = { at, timer };
  }
}
