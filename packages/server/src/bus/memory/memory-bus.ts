import { unreachable } from '../../domain/unreachable.ts';
import type { Bus, Unsubscribe } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import { createLastValues } from './last-values.ts';
import { checkSignalSize } from './signal-size.ts';
import { createSubjectIndex } from './subject-index.ts';

export interface MemoryBusOptions {
  /** For the time-outs of `ask`. */
  readonly clock: Clock;
  /** A listener threw, or one who answers failed. */
  readonly onError: (error: unknown, subject: string) => void;
  /** Loses every n-th wake-up: for tests. */
  readonly loseEvery?: number;
  /** Measures every signal by serialising it: for tests and development. Otherwise only texts and bytes are measured. */
  readonly strict?: boolean;
}

interface WakeListener {
  readonly call: (subject: string) => void;
  /** False once unsubscribed: then it is not called any more, not even later in the same turn. */
  active: boolean;
}
interface SignalListener {
  readonly call: (subject: string, value: unknown) => void;
  active: boolean;
  /** Subjects whose present value it is owed because it came late. */
  readonly owed: Set<string>;
}
type Answerer = (message: unknown) => Promise<unknown> | unknown;

/** What happens in the next turn. A signal carries no value: the newest one at that time is told. */
type Event =
  | { readonly kind: 'wake'; readonly subject: string }
  | { readonly kind: 'signal'; readonly subject: string }
  | { readonly kind: 'replay'; readonly listener: SignalListener }
  | { readonly kind: 'ask'; readonly ask: Ask };

interface Ask {
  readonly subject: string;
  readonly message: unknown;
  settle(answer: unknown): void;
}

const signalKey = (subject: string): string => `signal ${subject}`;

/**
 * The bus of one process. Calls only note what is to be done; one `setImmediate` per turn does it, so that a hundred signals
 * of one subject within a turn are told once. Values are handed on by reference and must not be changed afterwards.
 */
export function createMemoryBus(options: MemoryBusOptions): Bus {
  return new MemoryBus(options);
}

class MemoryBus implements Bus {
  readonly #options: MemoryBusOptions;
  readonly #wakes = createSubjectIndex<WakeListener>();
  readonly #signals = createSubjectIndex<SignalListener>();
  readonly #answerers = new Map<string, { readonly answer: Answerer }>();
  readonly #values = createLastValues();
  readonly #asks = new Set<Ask>();
  /** In order of events. The key makes equal events one: bounded by the number of subjects, not of calls. */
  #events = new Map<string | object, Event>();
  #turn: NodeJS.Immediate | null = null;
  #wakeCount = 0;
  #closed = false;

  constructor(options: MemoryBusOptions) {
    this.#options = options;
  }

  wake(subject: string): void {
    if (this.#closed) return;
    const { loseEvery } = this.#options;
    if (loseEvery !== undefined && ++this.#wakeCount % loseEvery === 0) return;
    this.#note(`wake ${subject}`, { kind: 'wake', subject });
  }

  onWake(subject: string, call: (subject: string) => void): Unsubscribe {
    if (this.#closed) return () => undefined;
    const listener: WakeListener = { call, active: true };
    const remove = this.#wakes.add(subject, listener);
    return () => {
      listener.active = false;
      remove();
    };
  }

  signal(subject: string, value: unknown): void {
    if (this.#closed) return;
    checkSignalSize(subject, value, this.#options.strict ?? false);
    this.#values.set(subject, value);
    const key = signalKey(subject);
    // Its newest event comes after everything that has happened so far.
    this.#events.delete(key);
    this.#note(key, { kind: 'signal', subject });
  }

  onSignal(subject: string, call: (subject: string, value: unknown) => void): Unsubscribe {
    if (this.#closed) return () => undefined;
    const listener: SignalListener = { call, active: true, owed: new Set(this.#values.matching(subject)) };
    const remove = this.#signals.add(subject, listener);
    if (listener.owed.size > 0) this.#note(listener, { kind: 'replay', listener });
    return () => {
      listener.active = false;
      this.#events.delete(listener);
      remove();
    };
  }

  clearSignal(subject: string): void {
    this.#values.delete(subject);
  }

  lastSignal(subject: string): unknown {
    return this.#values.get(subject);
  }

  ask(subject: string, message: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(timeoutMs, () => ask.settle(null));
      const ask: Ask = {
        subject,
        message,
        settle: (answer) => {
          timer.cancel();
          this.#asks.delete(ask);
          this.#events.delete(ask);
          resolve(answer ?? null);
        },
      };
      this.#asks.add(ask);
      this.#note(ask, { kind: 'ask', ask });
    });
  }

  onAsk(subject: string, answer: Answerer): Unsubscribe {
    if (this.#closed) return () => undefined;
    const entry = { answer };
    // The newest one answers: a session that came back by a new connection replaces the old one.
    this.#answerers.set(subject, entry);
    return () => {
      if (this.#answerers.get(subject) === entry) this.#answerers.delete(subject);
    };
  }

  close(): void {
    this.#closed = true;
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    this.#events.clear();
    this.#wakes.clear();
    this.#signals.clear();
    this.#answerers.clear();
    this.#values.clear();
    for (const ask of [...this.#asks]) ask.settle(null);
  }

  #note(key: string | object, event: Event): void {
    if (!this.#events.has(key)) this.#events.set(key, event);
    this.#turn ??= setImmediate(() => this.#deliver());
  }

  /** What listeners cause meanwhile waits for the next turn. */
  #deliver(): void {
    this.#turn = null;
    const events = this.#events;
    this.#events = new Map();
    for (const event of events.values()) {
      if (this.#closed) return;
      this.#tell(event, events);
    }
  }

  #tell(event: Event, turn: ReadonlyMap<string | object, Event>): void {
    switch (event.kind) {
      case 'wake':
        for (const listener of this.#wakes.matching(event.subject)) {
          if (listener.active) this.#guard(event.subject, () => listener.call(event.subject));
        }
        return;
      case 'signal':
        for (const listener of this.#signals.matching(event.subject)) this.#tellValue(listener, event.subject);
        return;
      case 'replay':
        for (const subject of event.listener.owed) {
          // A fresh value in the same turn is told once, as the signal that it is.
          if (!turn.has(signalKey(subject))) this.#tellValue(event.listener, subject);
        }
        event.listener.owed.clear();
        return;
      case 'ask':
        if (this.#asks.has(event.ask)) void this.#answer(event.ask);
        return;
      default:
        unreachable(event);
    }
  }

  /** A value that was forgotten meanwhile is not told. */
  #tellValue(listener: SignalListener, subject: string): void {
    if (!listener.active || !this.#values.has(subject)) return;
    this.#guard(subject, () => listener.call(subject, this.#values.get(subject)));
  }

  async #answer(ask: Ask): Promise<void> {
    const entry = this.#answerers.get(ask.subject);
    try {
      ask.settle(entry === undefined ? null : await entry.answer(ask.message));
    } catch (error) {
      ask.settle(null);
      this.#options.onError(error, ask.subject);
    }
  }

  #guard(subject: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.onError(error, subject);
    }
  }
}
