/** Open things by key, at most `max` at once; the one used longest ago is closed for a new one. */
export interface HandleCache<H> {
  /**
   * Works with the thing of this key, opening it where it is not open. Null from `open`: there is none, `work` is not called.
   * A key must be used by one at a time. When the work fails, the thing is closed.
   */
  use<T>(key: string, open: () => Promise<H | null>, work: (handle: H) => Promise<T>): Promise<T | null>;
  /** Closes those of these keys, none of which is in use. */
  forget(which: (key: string) => boolean): Promise<void>;
  readonly open: number;
}

export function createHandleCache<H extends { close(): Promise<void> }>(max: number): HandleCache<H> {
  /** Not in use; in order of last use. */
  const idle = new Map<string, H>();
  const waiting: (() => void)[] = [];
  let open = 0;

  async function close(handle: H): Promise<void> {
    // All that was promised has been written and flushed before: a failing close loses nothing.
    await handle.close().catch(() => undefined);
    open -= 1;
  }

  async function slot(): Promise<void> {
    while (open >= max) {
      const [oldest] = idle;
      if (oldest === undefined) await new Promise<void>((resolve) => waiting.push(resolve));
      else {
        idle.delete(oldest[0]);
        await close(oldest[1]);
      }
    }
    open += 1;
  }

  async function opened(make: () => Promise<H | null>): Promise<H | null> {
    await slot();
    try {
      const handle = await make();
      if (handle === null) freed();
      return handle;
    } catch (error) {
      freed();
      throw error;
    }
  }

  function freed(): void {
    open -= 1;
    waiting.shift()?.();
  }

  return {
    async use(key, make, work) {
      const known = idle.get(key);
      idle.delete(key);
      const handle = known ?? (await opened(make));
      if (handle === null) return null;
      try {
        const result = await work(handle);
        idle.set(key, handle);
        return result;
      } catch (error) {
        await close(handle);
        throw error;
      } finally {
        waiting.shift()?.();
      }
    },
    async forget(which) {
      const chosen = [...idle].filter(([key]) => which(key));
      for (const [key] of chosen) idle.delete(key);
      for (const [, handle] of chosen) {
        await close(handle);
        waiting.shift()?.();
      }
    },
    get open() {
      return open;
    },
  };
}
