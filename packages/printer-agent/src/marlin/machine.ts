import type { Modes } from './modes.ts';
import type { Park, Parked, Step } from './scripts.ts';
import type { Temperatures } from './temperatures.ts';
import type { Wire } from './wire.ts';

/** The life of the connection to one printer. Times are monotonic ms. */
export type Life =
  | { readonly is: 'closed' }
  /** Opening resets most boards: their banner is awaited, what comes before it is dropped. */
  | { readonly is: 'booting'; readonly until: number }
  /** No banner: it was not reset. What was left half-written is ended, and what it has to say about that is dropped. */
  | { readonly is: 'settling'; readonly until: number }
  | { readonly is: 'greeting'; readonly until: number; readonly tries: number }
  | { readonly is: 'asking' }
  | { readonly is: 'ready' }
  /** It has stopped itself and needs a reset. */
  | { readonly is: 'halted'; readonly why: string };

export type JobState = 'printing' | 'pausing' | 'paused' | 'resuming' | 'cancelling';

export interface Job {
  readonly state: JobState;
  /** A line has been asked for and has not come yet. */
  readonly asked: boolean;
  /** There are no more lines. */
  readonly fedAll: boolean;
  /** Bytes of the file up to the end of the last accepted line. */
  readonly offset: number;
  readonly modes: Modes;
  readonly parked: Parked | null;
  /** The printer paused by itself and knows what to do: nothing to give back. */
  readonly byPrinter: boolean;
  /** Since when it stands still. */
  readonly pausedAt: number | null;
  /** For people: why it stands still. */
  readonly message: string | null;
  /** Fed, and not sent yet. */
  readonly next: FedLine | null;
  /** How it will have ended when the heaters are off; only while `cancelling`. */
  readonly ending: Ending | null;
}

export interface FedLine {
  readonly text: string;
  readonly offset: number;
}

export interface Ending {
  readonly result: Result;
  readonly message: string | null;
}

/** A command of a person, on its way. */
export interface Asked {
  readonly id: string;
  readonly text: string;
}

export interface Machine {
  readonly options: Options;
  readonly life: Life;
  readonly wire: Wire;
  /** Ours, before everything else. */
  readonly script: readonly Step[];
  readonly asked: readonly Asked[];
  /** What the firmware said while the command of a person was in flight. */
  readonly said: readonly string[];
  readonly job: Job | null;
  readonly temperatures: Temperatures;
  readonly temperaturesAt: number;
  readonly polledAt: number;
  readonly autoReport: boolean;
  readonly firmware: string | null;
  /** Why heaters may be on although nobody watches them; null: they are not. Says what is done first when it answers. */
  readonly unsafe: string | null;
  readonly lastError: string | null;
}

export interface Options {
  /** How long a banner is awaited after opening. Ms. */
  readonly bootMs: number;
  readonly park: Park | null;
}

export type Result = 'completed' | 'cancelled' | 'failed';

export type MarlinEvent =
  | { readonly is: 'opened' }
  | { readonly is: 'lost'; readonly why: string }
  /** One line, without its end. */
  | { readonly is: 'line'; readonly text: string }
  /** `wakeAt` has come. */
  | { readonly is: 'time' }
  | { readonly is: 'ask'; readonly id: string; readonly text: string }
  | { readonly is: 'emergency' }
  | { readonly is: 'print' }
  /** The next line of the file with the offset of its end; null: that was all. */
  | { readonly is: 'fed'; readonly line: FedLine | null }
  /** The file cannot be read on. */
  | { readonly is: 'broken'; readonly why: string }
  | { readonly is: 'pause' }
  | { readonly is: 'resume' }
  | { readonly is: 'cancel' };

export type Effect =
  | { readonly do: 'write'; readonly text: string }
  /** Hand in the next line of the file, as `fed`. */
  | { readonly do: 'feed' }
  | { readonly do: 'answered'; readonly id: string; readonly response: readonly string[] }
  | { readonly do: 'refused'; readonly id: string; readonly why: string }
  | ({ readonly do: 'ended' } & Ending)
  /** Write out what was said, then close. `now`: something is wrong with the port; `later`: leave the printer alone for a while. */
  | { readonly do: 'close'; readonly why: string; readonly reopen: 'now' | 'baud' | 'later' }
  /** Heaters that may have been on are off. */
  | { readonly do: 'safe' }
  | { readonly do: 'note'; readonly event: string; readonly fields: Readonly<Record<string, unknown>> };

/** A step works on a copy of its own and gathers what is to be done. */
export type Draft = { -readonly [K in keyof Machine]: Machine[K] } & { readonly now: number; readonly effects: Effect[] };

export const machineLimits = {
  bootMs: 10_000,
  settleMs: 1_000,
  greetMs: 4_000,
  greetTries: 3,
  /** Waiting commands of people. */
  asked: 50,
  /** Lines and characters of an answer: escaped as JSON still less than a frame of 64 KiB. */
  saidLines: 50,
  saidLength: 200,
  pollMs: 5_000,
  pollHotMs: 2_000,
  /** Auto-reports come every 2 s; somebody may have turned them off. */
  autoReportMs: 10_000,
} as const;
