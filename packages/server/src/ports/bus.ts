/**
 * Between servers and between rooms. Rules (cited by `test/suites/bus.suite.ts`):
 *
 * B1 `wake` may be lost and may be doubled: the bus wakes, the store tells.
 * B2 `signal` is newest-wins per subject and never stored; a late subscriber gets the newest value at once. At most 64 KiB.
 * B3 `ask` reaches the one who answers for the subject, or times out with null. Never blocks others.
 * B4 Listeners are called in the turn after the event, in order of events; one that throws harms nobody else.
 * B5 `close` ends every subscription; afterwards calls do nothing.
 */
export interface Bus {
  wake(subject: string): void;
  onWake(subject: string, call: (subject: string) => void): Unsubscribe;
  signal(subject: string, value: unknown): void;
  /** `subject` may end in `*`. */
  onSignal(subject: string, call: (subject: string, value: unknown) => void): Unsubscribe;
  /** Forgets the value of a subject that is no more. */
  clearSignal(subject: string): void;
  lastSignal(subject: string): unknown;
  ask(subject: string, message: unknown, timeoutMs: number): Promise<unknown>;
  onAsk(subject: string, answer: (message: unknown) => Promise<unknown> | unknown): Unsubscribe;
  close(): void;
}

export type Unsubscribe = () => void;
