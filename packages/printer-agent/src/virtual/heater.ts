const room = 21;
/** How fast a hot thing without power loses what it has above the room: e-fold time in seconds. */
const coolingSeconds = 90;

/** A heater with a firmware's control: rises evenly, falls by itself. Degrees Celsius, seconds of printer time. */
export class Heater {
  readonly #perSecond: number;
  #actual = room;
  #target = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  get actual(): number {
    return this.#actual;
  }

  get target(): number {
    return this.#target;
  }

  aim(target: number): void {
    this.#target = target;
  }

  pass(seconds: number): void {
    const level = Math.max(room, this.#target);
    if (!Number.isFinite(seconds)) this.#actual = level;
    else if (this.#actual < level) this.#actual = Math.min(level, this.#actual + this.#perSecond * seconds);
    else this.#actual = Math.max(level, room + (this.#actual - room) * Math.exp(-seconds / coolingSeconds));
  }

  /** Hot enough: nobody waits for a heater to cool. */
  get steady(): boolean {
    return this.#actual >= this.#target - 1;
  }

  get text(): string {
    return `${this.#actual.toFixed(2)} /${this.#target.toFixed(2)}`;
  }
}
