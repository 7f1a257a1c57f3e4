import Type, { type Static } from 'typebox';
import { closed, Time } from './names.ts';

const ClockTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM' });

/** When a worker sleeps: from `start` to `end` (past midnight where `end` is earlier), beginning on these days. */
export const SleepRequest = Type.Object(
  {
    active: Type.Optional(Type.Boolean({ description: 'default true' })),
    days: Type.Optional(
      Type.Array(Type.Enum(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su']), { maxItems: 7, description: 'default: every day' }),
    ),
    start: Type.Optional(ClockTime),
    end: Type.Optional(ClockTime),
    /** Default: the server's own. */
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'such as Europe/Amsterdam' })),
  },
  closed,
);
export type SleepRequest = Static<typeof SleepRequest>;

export const SleepView = Type.Object({
  active: Type.Boolean(),
  days: Type.Array(Type.String()),
  start: Type.Union([ClockTime, Type.Null()]),
  end: Type.Union([ClockTime, Type.Null()]),
  zone: Type.String(),
  /** When it will next ask for something. */
  nextCheck: Type.Union([Time, Type.Null()]),
});
export type SleepView = Static<typeof SleepView>;
