import type { Logger } from 'pino';
import type { Happening } from '../../hub/happening.ts';
import { Hub } from '../../hub/hub.ts';
import type { Client, Member } from '../../hub/member.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { ConciergeLimits } from './limits.ts';
import type { Policy } from './policy.ts';
import { type Ear, Said } from './said.ts';
import type { Seat } from './seat.ts';
import { happeningText } from './translate.ts';

export interface DeskOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: ConciergeLimits;
  readonly policy: Policy;
  /** `SERVICE:TYPE`: of messages with this `data.type` a slow reader gets only the newest. */
  readonly conflate: ReadonlySet<string>;
  /** What a client's files need to know. */
  readonly filesOf: { drop(uuid: string): void };
}

/** Since the start. */
export interface Counters {
  messages: number;
  deliveries: number;
  refused: number;
  slow: number;
  silent: number;
  dropped: number;
}

/** What all connections of the door share: the hub, and the way to be heard in it. */
export class Desk {
  readonly hub = new Hub<Ear>();
  /** Private keys to the files (`fs_key` in HELLO). */
  readonly fileKeys = new Map<string, Member<Ear>>();
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: ConciergeLimits;
  readonly policy: Policy;
  readonly conflate: ReadonlySet<string>;
  readonly counters: Counters = { messages: 0, deliveries: 0, refused: 0, slow: 0, silent: 0, dropped: 0 };
  /** Clients that may come back, by their token; and those of them that are away now. */
  readonly seats = new Map<string, Seat>();
  readonly away = new Set<Seat>();
  /** Called with the UUID of each client that has left. */
  readonly onLeft = new Set<(uuid: string) => void>();
  readonly #filesOf: DeskOptions['filesOf'];
  #delivering = 0;
  #after: (() => void)[] = [];

  constructor(options: DeskOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.limits = options.limits;
    this.policy = options.policy;
    this.conflate = options.conflate;
    this.#filesOf = options.filesOf;
  }

  /** Tells each happening's receivers, in order. */
  deliver(happenings: readonly Happening<Ear>[]): void {
    for (const happening of happenings) this.say(new Said(happeningText(happening, this.limits), 'event'), happening.to, null);
  }

  /** Into all queues at once, before anything else happens: every receiver sees the same order. */
  say(said: Said, to: Iterable<Member<Ear>>, except: Member<Ear> | null): void {
    this.#delivering++;
    try {
      for (const member of to) {
        if (member === except) continue;
        this.counters.deliveries++;
        member.ear.hear(said);
      }
    } finally {
      if (--this.#delivering === 0) this.#runAfter();
    }
  }

  /** Now, or when what is being delivered has reached everybody. */
  afterwards(call: () => void): void {
    if (this.#delivering === 0) call();
    else this.#after.push(call);
  }

  /** The name is taken, the others know; `welcome` says HELLO before the newcomer hears anything else. Null: name taken. */
  enter(client: Client, ear: Ear, fileKey: string, welcome: () => void): Member<Ear> | null {
    const joined = this.hub.join(client, ear);
    if (joined === null) return null;
    this.deliver(joined.happenings);
    this.fileKeys.set(fileKey, joined.member);
    welcome();
    joined.enter();
    return joined.member;
  }

  /** Concierge §4.4, in this order. */
  leave(member: Member<Ear>, fileKey: string): void {
    const { first, last } = this.hub.leave(member);
    if (last.length === 0) return;
    this.fileKeys.delete(fileKey);
    this.deliver(first);
    this.#filesOf.drop(member.client.uuid);
    for (const call of this.onLeft) call(member.client.uuid);
    this.deliver(last);
  }

  #runAfter(): void {
    while (this.#after.length > 0) {
      const calls = this.#after;
      this.#after = [];
      for (const call of calls) call();
    }
  }
}
