import { limits } from './limits.ts';
import type { System, Timer } from './system.ts';

export interface LiveValue {
  /** Where in the task it belongs: the unit of the task's progress. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Makes the present value; null: it cannot be had whole just now. */
export type MakeLive = () => Promise<LiveValue | null> | LiveValue | null;

/** False: it cannot leave now. */
export type SendLive = (name: string, value: LiveValue) => boolean;

interface Kept {
  watched: boolean;
  make: MakeLive | null;
  /** There is something newer than what was sent. */
  dirty: boolean;
  making: boolean;
  /** In vain, since the last offer. */
  tries: number;
  timer: Timer | null;
}

/**
 * Live values of one attempt: the newest wins, each name at most four times a second, made only while somebody watches, and
 * never more than one of a name in memory.
 */
export class LiveValues {
  readonly #system: System;
  readonly #send: SendLive;
  readonly #kept = new Map<string, Kept>();
  #closed = false;

  constructor(system: System, send: SendLive) {
    this.#system = system;
    this.#send = send;
  }

  /** There is a new value. Costs next to nothing while nobody watches. */
  offer(name: string, make: MakeLive): void {
    const kept = this.#of(name);
    kept.make = make;
    kept.dirty = true;
    kept.tries = 0;
    this.#next(name, kept);
  }

  /** These are looked at from now on, and no others; each is sent as it is now. */
  watch(names: readonly string[]): void {
    for (const kept of this.#kept.values()) kept.watched = false;
    for (const name of names) {
      const kept = this.#of(name);
      kept.watched = true;
      kept.dirty = kept.make !== null;
      kept.tries = 0;
      this.#next(name, kept);
    }
  }

  close(): void {
    this.#closed = true;
    for (const kept of this.#kept.values()) kept.timer?.cancel();
    this.#kept.clear();
  }

  #of(name: string): Kept {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const kept: Kept = { watched: false, make: null, dirty: false, making: false, tries: 0, timer: null };
    this.#kept.set(name, kept);
    return kept;
  }

  #next(name: string, kept: Kept): void {
    if (this.#closed || !kept.watched || !kept.dirty || kept.making || kept.timer !== null) return;
    void this.#make(name, kept);
  }

  async #make(name: string, kept: Kept): Promise<void> {
    kept.making = true;
    kept.dirty = false;
    const value = await made(kept.make);
    kept.making = false;
    if (this.#closed) return;
    if (value === null) kept.tries += 1;
    const gone = value !== null && kept.watched && this.#send(name, value);
    // A value that cannot be had is asked for again, but not for ever: the next offer begins anew.
    if (!gone && kept.tries < limits.liveTries) kept.dirty = true;
    kept.timer = this.#system.after(limits.liveEveryMs, () => {
      kept.timer = null;
      this.#next(name, kept);
    });
  }
}

async function made(make: MakeLive | null): Promise<LiveValue | null> {
  try {
    return (await make?.()) ?? null;
  } catch {
    // A file that is gone, or not there yet.
    return null;
  }
}
