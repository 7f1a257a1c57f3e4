import Type, { type Static } from 'typebox';
import { JobRequest } from './job.ts';
import { closed, Id, Name, Time } from './names.ts';

const OrNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Overlap = Type.Enum(['allow', 'skip', 'queue']);
const Missed = Type.Enum(['skip', 'once']);
export type Overlap = 'allow' | 'skip' | 'queue';
export type Missed = 'skip' | 'once';

/** A job that is submitted again and again (`cron`), or once at a moment (`at`). Exactly one of the two. */
export const ScheduleRequest = Type.Object(
  {
    name: Name,
    /** Five fields (minute hour day month weekday), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. */
    cron: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** ISO 8601; without an offset it is a time of `zone`. */
    at: Type.Optional(Type.String({ pattern: '^[0-9T:.Z+-]{10,35}$' })),
    /** IANA name, such as `Europe/Amsterdam`. Default: the zone of the server. */
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** While a job of an earlier run has not ended: begin beside it (default), leave this run out, or wait for it. */
    overlap: Type.Optional(Overlap),
    /** What the server slept through: leave it out (default), or make up for it by one run. */
    missed: Type.Optional(Missed),
    /** With `once`: only if it is no later than this. */
    withinMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 31_536_000_000 })),
    job: JobRequest,
  },
  closed,
);
export type ScheduleRequest = Static<typeof ScheduleRequest> & { overlap?: Overlap; missed?: Missed };

export const ScheduleRun = Type.Object({
  /** When it was to be; when it was. */
  due: Time,
  at: Time,
  outcome: Type.Enum(['submitted', 'skipped', 'missed', 'refused']),
  job: OrNull(Id),
  text: OrNull(Type.String()),
});
export type ScheduleRun = Omit<Static<typeof ScheduleRun>, 'outcome'> & {
  outcome: 'submitted' | 'skipped' | 'missed' | 'refused';
};

export const ScheduleView = Type.Object({
  id: Id,
  name: Type.String(),
  owner: Type.String(),
  cron: OrNull(Type.String()),
  at: OrNull(Type.String()),
  zone: Type.String(),
  overlap: Overlap,
  missed: Missed,
  withinMs: OrNull(Type.Integer()),
  /** `done`: it comes no more. */
  state: Type.Enum(['active', 'paused', 'done']),
  /** Why it is paused. */
  paused: OrNull(Type.Object({ at: Time, text: Type.String() })),
  next: OrNull(Time),
  createdAt: Time,
  /** The newest twenty, newest first. */
  runs: Type.Array(ScheduleRun),
  job: JobRequest,
});
export type ScheduleView = Omit<Static<typeof ScheduleView>, 'overlap' | 'missed' | 'state' | 'runs'> & {
  overlap: Overlap;
  missed: Missed;
  state: 'active' | 'paused' | 'done';
  runs: ScheduleRun[];
};

export const ScheduleList = Type.Object({ schedules: Type.Array(ScheduleView) });
export type ScheduleList = { schedules: ScheduleView[] };
