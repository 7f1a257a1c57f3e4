const axes = ['X', 'Y', 'Z', 'E'] as const;
export type Axis = (typeof axes)[number];

/** Blocks that the planner holds. */
const planned = 16;
const minutes = 60;

/** Where the head is told to be, and a planner whose moves take their time. */
export class Motion {
  readonly #speed: number;
  readonly at: Record<Axis, number> = { X: 0, Y: 0, Z: 0, E: 0 };
  relative = false;
  relativeE = false;
  /** mm/min. */
  feed = 1_500;
  /** Ends of the moves under way, monotonic ms, oldest first. */
  #ends: number[] = [];
  #moves = 0;
  #starved = 0;

  /** `speed`: times as fast as a real one; Infinity: moves take no time. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  /** When there is room for one more move. */
  roomAt(now: number): number {
    this.#pass(now);
    return this.#ends.length < planned ? now : (this.#ends[0] ?? now);
  }

  /** When it stands still. */
  doneAt(now: number): number {
    return Math.max(now, this.#ends.at(-1) ?? now);
  }

  get moves(): number {
    return this.#moves;
  }

  /** Moves that found the planner empty although there were moves before: the head had to stop and wait for them. */
  get starved(): number {
    return this.#starved;
  }

  /** G0, G1: plans it. */
  move(words: ReadonlyMap<string, number>, now: number): void {
    this.#pass(now);
    this.feed = words.get('F') ?? this.feed;
    let square = 0;
    for (const axis of axes) {
      const value = words.get(axis);
      if (value === undefined) continue;
      const relative = axis === 'E' ? this.relativeE : this.relative;
      const to = relative ? this.at[axis] + value : value;
      if (axis !== 'E') square += (to - this.at[axis]) ** 2;
      this.at[axis] = to;
    }
    if (square > 0) this.#plan(Math.sqrt(square), now);
  }

  home(): void {
    for (const axis of ['X', 'Y', 'Z'] as const) this.at[axis] = 0;
  }

  #plan(length: number, now: number): void {
    if (this.#ends.length === 0 && this.#moves > 0) this.#starved += 1;
    this.#moves += 1;
    const ms = (length / (this.feed / minutes) / this.#speed) * 1_000;
    this.#ends.push(this.doneAt(now) + ms);
  }

  #pass(now: number): void {
    if (this.#ends.length > 0 && (this.#ends[0] ?? now) <= now) this.#ends = this.#ends.filter((end) => end > now);
  }
}
