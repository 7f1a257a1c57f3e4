import { type Act, actOf, type Body } from './acts.ts';
import type { VirtualClock } from './clock.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Heater } from './heater.ts';
import { Motion } from './motion.ts';

export interface VirtualOptions {
  readonly clock: VirtualClock;
  /** 0 ≤ x < 1; for chances and damage. */
  readonly dice: () => number;
  /** Times as fast as a real one; Infinity: nothing takes time. Default 1. */
  readonly speed?: number;
  readonly tools?: number;
  /** Looks into the bytes as they come, past every queue. Default true. */
  readonly emergencyParser?: boolean;
  readonly autoReport?: boolean;
  /** Says `busy` every 2 s during long commands. Default true. */
  readonly keepAlive?: boolean;
  readonly advancedOk?: boolean;
  readonly lineEnd?: '\n' | '\r\n';
  readonly chances?: Readonly<Partial<Record<FaultKind, number>>>;
}

/** A line that it has taken. */
export interface Taken {
  readonly number: number | null;
  readonly command: string;
  readonly at: number;
}

export interface VirtualEvents {
  readonly output: (bytes: string) => void;
  /** Somebody pulled the plug. */
  readonly unplugged: () => void;
}

const queueLength = 4;
/** What its line buffer holds; the rest of a longer line is lost without a word. */
const lineLength = 96;
const keepAliveMs = 2_000;

/**
 * A printer with Marlin's manners, strictly (printerlynx §6.1), and with its faults (§6.3). It knows nothing of who talks to
 * it and keeps the list of lines that it took.
 */
export class VirtualPrinter implements Body {
  readonly #options: VirtualOptions;
  readonly #events: VirtualEvents;
  readonly #clock: VirtualClock;
  readonly #faults: Faults;
  readonly speed: number;
  readonly taken: Taken[] = [];
  /** Bare lines that were seen past the queues. */
  readonly urgent: Taken[] = [];
  readonly tools: readonly Heater[];
  readonly bed = new Heater(1);
  motion: Motion;
  tool = 0;
  #state: 'off' | 'running' | 'halted' = 'off';
  #mute = false;
  #input = '';
  #received: string[] = [];
  #queue: { readonly command: string; readonly number: number | null }[] = [];
  #last = 0;
  #arrived = 0;
  #act: Act | null = null;
  #heatedAt: number;
  #timer: { cancel(): void } | null = null;
  #alive: { cancel(): void } | null = null;
  #report: { cancel(): void } | null = null;
  #working = false;

  constructor(options: VirtualOptions, events: VirtualEvents) {
    this.#options = options;
    this.#events = events;
    this.#clock = options.clock;
    this.#faults = new Faults(options.dice, options.chances ?? {});
    this.speed = options.speed ?? 1;
    this.tools = Array.from({ length: options.tools ?? 1 }, () => new Heater(4));
    this.motion = new Motion(this.speed);
    this.#heatedAt = this.#clock.monotonic();
  }

  get halted(): boolean {
    return this.#state === 'halted';
  }

  get waiting(): number {
    return this.#queue.length + this.#received.length;
  }

  /** The `inLines`-th line to arrive from now on (1: the next) meets this; `times`: it and those after it. */
  fault(kind: FaultKind, inLines = 1, times = 1): void {
    this.#faults.plan(kind, this.#arrived + inLines, times);
  }

  /** Power on, or reset: banner, counter 0, heaters off. */
  boot(): void {
    this.#stop();
    this.#state = 'running';
    this.#mute = false;
    this.#input = '';
    this.#received = [];
    this.#queue = [];
    this.#last = 0;
    this.tool = 0;
    this.motion = new Motion(this.speed);
    this.heat();
    for (const heater of [...this.tools, this.bed]) heater.aim(0);
    this.say('start');
    this.say('echo:Marlin 2.1.2 (virtual)');
    this.say('echo: Last Updated: never | Author: nobody');
  }

  /** The port is closed, or the power gone: nothing of it is left. */
  off(): void {
    this.#stop();
    this.#state = 'off';
  }

  /** Bytes from the host. */
  receive(bytes: string): void {
    if (this.#state === 'off') return;
    const lines = (this.#input + bytes).split(/\r\n|\n|\r/);
    this.#input = lines.pop() ?? '';
    for (const line of lines) this.#arrive(line);
    this.#work();
  }

  say(text: string): void {
    if (!this.#mute) this.#events.output(text + (this.#options.lineEnd ?? '\n'));
  }

  now(): number {
    return this.#clock.monotonic();
  }

  /** Lets the heaters catch up with the clock. */
  heat(): void {
    const now = this.now();
    const atOnce = this.speed === Number.POSITIVE_INFINITY;
    const passed = atOnce ? this.speed : ((now - this.#heatedAt) / 1_000) * this.speed;
    this.#heatedAt = now;
    for (const heater of [...this.tools, this.bed]) heater.pass(passed);
  }

  get temperatures(): string {
    this.heat();
    const active = this.tools[this.tool] ?? this.bed;
    const each = this.tools.length < 2 ? '' : this.tools.map((tool, at) => ` T${at}:${tool.text}`).join('');
    return `T:${active.text} B:${this.bed.text}${each} @:0 B@:0`;
  }

  capability(name: string): boolean {
    if (name === 'AUTOREPORT_TEMP') return this.#options.autoReport ?? true;
    if (name === 'EMERGENCY_PARSER') return this.#options.emergencyParser ?? true;
    return false;
  }

  count(number: number): void {
    this.#last = number;
  }

  autoReport(seconds: number): void {
    this.#report?.cancel();
    this.#report = null;
    if (seconds <= 0 || !this.capability('AUTOREPORT_TEMP')) return;
    this.#report = this.#clock.after(seconds * 1_000, () => {
      this.say(` ${this.temperatures}`);
      this.autoReport(seconds);
    });
  }

  kill(why: string): void {
    this.say(`Error:${why}`);
    if (why !== halted) this.say(`Error:${halted}`);
    this.#stop();
    for (const heater of [...this.tools, this.bed]) heater.aim(0);
    this.#state = 'halted';
  }

  #stop(): void {
    for (const timer of [this.#timer, this.#alive, this.#report]) timer?.cancel();
    this.#timer = null;
    this.#alive = null;
    this.#report = null;
    this.#act = null;
  }

  /** A line is complete at the far end of the cable. */
  #arrive(line: string): void {
    if (this.#state !== 'running' || line.trim() === '') return;
    this.#arrived += 1;
    if (this.#happens('silence')) this.#mute = true;
    if (this.#happens('unplug')) {
      this.off();
      this.#events.unplugged();
      return;
    }
    if (this.#happens('lose-line')) return;
    const damaged = this.#happens('corrupt') ? this.#faults.damage(line) : line;
    if (this.#options.emergencyParser !== false && this.#isUrgent(damaged)) return;
    this.#received.push(damaged.slice(0, lineLength));
  }

  #happens(kind: FaultKind): boolean {
    return this.#faults.strikes(kind, this.#arrived);
  }

  /** Bare M112, M108, M410. True: nothing else is to be done with it. */
  #isUrgent(line: string): boolean {
    const word = /^M(112|108|410)\b/.exec(line)?.[0];
    if (word === undefined) return false;
    this.urgent.push({ number: null, command: line, at: this.now() });
    if (word === 'M112') {
      this.kill(halted);
      return true;
    }
    if (word === 'M108') this.#act?.interrupt();
    return false;
  }

  /** Carries out what can be carried out now. Not re-entrant: what is said may bring the next line. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    while (this.#state === 'running') {
      this.#read();
      if (this.#act !== null && !this.#goOn(this.#act)) break;
      if (this.#state !== 'running') break;
      const next = this.#queue.shift();
      if (next === undefined) break;
      this.#begin(next.command, next.number);
    }
    this.#working = false;
  }

  /** From the receive buffer into the queue, as far as that has room. */
  #read(): void {
    while (this.#queue.length < queueLength && this.#state === 'running') {
      const line = this.#received.shift();
      if (line === undefined) return;
      this.#take(line.trim());
    }
  }

  #take(line: string): void {
    if (this.#options.emergencyParser === false && this.#isUrgent(line)) return;
    const numbered = /^N\s*(-?\d+)\s*/.exec(line);
    if (numbered === null) {
      this.#keep(null, line.split('*')[0]?.trim() ?? '');
      return;
    }
    const number = Number(numbered[1]);
    const star = line.lastIndexOf('*');
    const command = line.slice(numbered[0].length, star < 0 ? undefined : star).trim();
    const resets = /^M110\b/.test(command);
    if (star < 0) this.#refuse('No Checksum with line number');
    else if (Number.parseInt(line.slice(star + 1), 10) !== xor(line.slice(0, star))) this.#refuse('checksum mismatch');
    else if (number !== this.#last + 1 && !resets) this.#refuse('Line Number is not Last Line Number+1');
    else if (this.#happens('resend-storm')) this.#refuse('checksum mismatch');
    else if (this.#happens('bare-resend')) this.#refuse('checksum mismatch', { bare: true });
    else {
      this.#last = number;
      this.#keep(number, command);
    }
  }

  #keep(number: number | null, command: string): void {
    this.taken.push({ number, command, at: this.now() });
    this.#queue.push({ command, number });
  }

  /** Throws away what has come in, says why, and asks for the line after the last good one. */
  #refuse(why: string, { bare = false } = {}): void {
    this.#received = [];
    this.say(`Error:${why}, Last Line: ${this.#last}`);
    this.say(`Resend: ${this.#last + 1}`);
    if (!bare) this.say('ok');
  }

  #begin(command: string, number: number | null): void {
    for (const [kind, why] of breakdowns) {
      if (this.#happens(kind)) {
        this.kill(why);
        return;
      }
    }
    if (this.#happens('reboot')) {
      this.boot();
      return;
    }
    this.#act = actOf(this, command, number);
    this.#armAlive();
  }

  /** True: it is done and its `ok` said. */
  #goOn(act: Act): boolean {
    const until = act.until();
    const now = this.now();
    if (until > now) {
      this.#timer?.cancel();
      if (Number.isFinite(until)) this.#timer = this.#clock.after(until - now, () => this.#wake(act));
      return false;
    }
    this.#alive?.cancel();
    this.#alive = null;
    this.#act = null;
    this.#ok(act);
    return true;
  }

  #wake(act: Act): void {
    this.#timer = null;
    if (act.heats && act.until() > this.now()) this.say(` ${this.temperatures} W:?`);
    this.#work();
  }

  #armAlive(): void {
    if (this.#options.keepAlive === false) return;
    this.#alive?.cancel();
    this.#alive = this.#clock.after(keepAliveMs, () => {
      if (this.#act === null) return;
      if (!this.#act.heats) this.say(`echo:busy: ${this.#act.busy}`);
      this.#armAlive();
    });
  }

  #ok({ answer, number }: Act): void {
    if (this.#happens('token')) this.say('echo: token ok in the middle');
    if (this.#happens('lose-ok')) return;
    const advanced = this.#options.advancedOk === true && number !== null ? ` N${number} P15 B3` : '';
    const text = `ok${advanced}${answer}`;
    if (!this.#happens('split-ok')) this.say(text);
    else if (!this.#mute) {
      this.#events.output(text.slice(0, 1));
      this.#events.output(text.slice(1) + (this.#options.lineEnd ?? '\n'));
    }
  }
}

const halted = 'Printer halted. kill() called!';
const breakdowns = [
  ['kill', halted],
  ['runaway', 'Thermal Runaway, system stopped! Heater_ID: 0'],
] as const;

function xor(text: string): number {
  return Buffer.from(text, 'latin1').reduce((sum, byte) => sum ^ byte, 0);
}
