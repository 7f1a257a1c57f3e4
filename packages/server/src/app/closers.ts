export interface Named {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/** What was opened, closed in reverse order; one that fails does not keep the others open. */
export class Closers {
  readonly #stack: Named[] = [];
  #closing: Promise<void> | null = null;

  add(name: string, close: Named['close']): void {
    if (this.#closing !== null) throw new Error(`${name} was opened while everything is being closed`);
    this.#stack.push({ name, close });
  }

  /** Idempotent. `failed` hears of those that could not be closed. */
  close(failed: (name: string, cause: unknown) => void): Promise<void> {
    this.#closing ??= this.#close(failed);
    return this.#closing;
  }

  async #close(failed: (name: string, cause: unknown) => void): Promise<void> {
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
      try {
        await next.close();
      } catch (cause) {
        failed(next.name, cause);
      }
    }
  }
}
