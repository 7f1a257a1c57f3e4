import type { Member } from '../../hub/member.ts';
import type { Timer } from '../../ports/clock.ts';
import type { Desk } from './desk.ts';
import { Recorder } from './recorder.ts';
import type { Ear, Said } from './said.ts';

/** The connection that a seat speaks through. */
export interface SeatLink extends Ear {
  send(frame: Buffer): void;
  /** Another connection has taken its place. */
  displace(): void;
}

/** What a client asks for with `resume` in IDENTIFY; null: nothing. */
export type Resume = 'begin' | { readonly token: string; readonly offset: number } | null;

export function readResume(value: unknown): Resume {
  if (value === true) return 'begin';
  if (typeof value !== 'object' || value === null) return null;
  const { token, offset } = value as { readonly token?: unknown; readonly offset?: unknown };
  // What cannot be taken up is begun anew, and said to be so.
  return typeof token === 'string' && Number.isSafeInteger(offset) ? { token, offset: offset as number } : 'begin';
}

/**
 * The place in the hub of a client that asked to be able to come back: it outlives a broken connection for a while, and what was
 * said meanwhile is kept, within bounds.
 */
export class Seat implements Ear {
  readonly token: string;
  readonly fileKey: string;
  readonly recorder: Recorder;
  readonly #desk: Desk;
  #link: SeatLink | null;
  #member: Member<Ear> | null = null;
  #timer: Timer | null = null;

  constructor(desk: Desk, link: SeatLink, fileKey: string) {
    this.#desk = desk;
    this.#link = link;
    this.fileKey = fileKey;
    this.token = desk.random.secret(24);
    this.recorder = new Recorder(desk.limits.resumeBytes);
  }

  get address(): string {
    return this.#link?.address ?? '';
  }

  get member(): Member<Ear> | null {
    return this.#member;
  }

  sit(member: Member<Ear>): void {
    this.#member = member;
    this.#desk.seats.set(this.token, this);
  }

  /** The same client on a new connection. */
  attach(link: SeatLink): void {
    this.#timer?.cancel();
    const before = this.#link;
    this.#link = link;
    before?.displace();
    this.#desk.away.delete(this);
  }

  /** Its connection is gone. `keep`: it may come back. */
  detach(link: SeatLink, keep: boolean): void {
    if (this.#link !== link) return;
    this.#link = null;
    const { away, clock, limits } = this.#desk;
    if (!keep || away.size >= limits.resumeClients) {
      this.#leave();
      return;
    }
    away.add(this);
    this.#timer = clock.after(limits.resumeMs, () => this.#leave());
  }

  /** What this client alone is answered. */
  say(frame: Buffer): void {
    this.recorder.record(frame);
    this.#link?.send(frame);
  }

  /** Nothing is left out or replaced: the client counts. */
  hear(said: Said): void {
    this.say(said.frame);
  }

  probe(call: (alive: boolean) => void): void {
    if (this.#link !== null) {
      this.#link.probe(call);
      return;
    }
    // Somebody wants the name now; whoever might come back for it has to begin anew.
    this.#leave();
    call(false);
  }

  async ready(): Promise<boolean> {
    return this.#link === null || this.#link.ready();
  }

  remove(): void {
    this.#link?.remove();
    this.#leave();
  }

  #leave(): void {
    this.#timer?.cancel();
    this.#desk.away.delete(this);
    this.#desk.seats.delete(this.token);
    if (this.#member !== null) this.#desk.leave(this.#member, this.fileKey);
  }
}
