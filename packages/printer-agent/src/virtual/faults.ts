/** What can go wrong, each on demand (printerlynx §6.3). */
export const faultKinds = [
  /** The line is carried out and its `ok` never said. */
  'lose-ok',
  /** A byte of the line is another one when it arrives. */
  'corrupt',
  /** The line never arrives. */
  'lose-line',
  /** The line arrives damaged, and the Resend comes without its `ok`. */
  'bare-resend',
  /** The line is refused, however often it comes; `times`: how often. */
  'resend-storm',
  /** Not a word from here on. */
  'silence',
  'reboot',
  'kill',
  'runaway',
  /** The `ok` comes in two pieces. */
  'split-ok',
  /** Another line with those two letters in it comes before. */
  'token',
  'unplug',
] as const;
export type FaultKind = (typeof faultKinds)[number];

interface Planned {
  readonly kind: FaultKind;
  /** From this line on, counted as they arrive, from 1. */
  readonly from: number;
  times: number;
}

/** Which of them happens when: planned ones, and by chance. */
export class Faults {
  readonly #dice: () => number;
  readonly #chances: ReadonlyMap<FaultKind, number>;
  #planned: Planned[] = [];

  constructor(dice: () => number, chances: Readonly<Partial<Record<FaultKind, number>>>) {
    this.#dice = dice;
    this.#chances = new Map(Object.entries(chances) as [FaultKind, number][]);
  }

  plan(kind: FaultKind, from: number, times: number): void {
    this.#planned.push({ kind, from, times });
  }

  /** Whether it happens to this line; a planned one happens so many times. */
  strikes(kind: FaultKind, line: number): boolean {
    const planned = this.#planned.find((one) => one.kind === kind && one.from <= line);
    if (planned !== undefined) {
      planned.times -= 1;
      if (planned.times <= 0) this.#planned = this.#planned.filter((one) => one !== planned);
      return true;
    }
    const chance = this.#chances.get(kind);
    return chance !== undefined && this.#dice() < chance;
  }

  /** The same line with one byte changed; never its end. */
  damage(line: string): string {
    if (line === '') return line;
    const at = Math.floor(this.#dice() * line.length);
    const code = line.charCodeAt(at) ^ (1 << Math.floor(this.#dice() * 5));
    return line.slice(0, at) + String.fromCharCode(code === 10 || code === 13 ? 63 : code) + line.slice(at + 1);
  }
}
