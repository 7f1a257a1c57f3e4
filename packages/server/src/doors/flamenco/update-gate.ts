/** Large bodies are held in memory by turns: who finds no room waits, unread, so that its sender waits too. */
export class UpdateGate {
  readonly #most: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async enter(bytes: number): Promise<() => void> {
    const room = Math.min(bytes, this.#most);
    if (this.#waiting.length > 0 || this.#held + room > this.#most) {
      await new Promise<void>((go) => void this.#waiting.push({ bytes: room, go }));
    } else this.#held += room;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#held -= room;
      this.#admit();
    };
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#held + next.bytes <= this.#most; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.go();
    }
  }
}
