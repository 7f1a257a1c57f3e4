/** What was opened, closed in reverse order whatever happens; the first error is thrown after all were tried. */
export class Closing implements AsyncDisposable {
  readonly #stack: (() => unknown)[] = [];

  add<T extends { close(): unknown }>(thing: T): T {
    this.#stack.push(() => thing.close());
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    let first: unknown;
    for (let close = this.#stack.pop(); close !== undefined; close = this.#stack.pop()) {
      try {
        await close();
      } catch (cause) {
        first ??= cause;
      }
    }
    if (first !== undefined) throw first;
  }
}
