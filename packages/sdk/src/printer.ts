import Type, { type Static, type TSchema } from 'typebox';
import { closed, Id, limits, Time } from './names.ts';
import { PrintFacts } from './print.ts';

function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** Degrees Celsius; `target` 0: off. Null: the agent does not say. */
export const HeaterView = Type.Object({ actual: Type.Number(), target: Nullable(Type.Number()) });
export type HeaterView = Static<typeof HeaterView>;

/** What a printer shows of itself at this moment. Newest wins, never stored. */
export const PrinterLive = Type.Object({
  status: Type.Enum(['available', 'busy', 'unavailable']),
  /** By name: `bed`, `tool0` … */
  heaters: Type.Record(Type.String(), HeaterView),
  lastError: Nullable(Type.String()),
  job: Nullable(
    Type.Object({
      task: Id,
      state: Type.Enum(['starting', 'printing', 'pausing', 'paused', 'cancelling']),
      /** 0 … 1, of the bytes of the file. */
      progress: Type.Number(),
      elapsedS: Nullable(Type.Number()),
      remainingS: Nullable(Type.Number()),
      message: Nullable(Type.String()),
    }),
  ),
});
export type PrinterLive = Static<typeof PrinterLive>;

/** `uncleared`: nobody has said yet that the plate is clear. `ready`: it takes the next print that fits. */
export const PrinterState = Type.Enum([
  'offline',
  'unavailable',
  'starting',
  'printing',
  'pausing',
  'paused',
  'cancelling',
  'maintenance',
  'uncleared',
  'ready',
]);
export type PrinterState = Static<typeof PrinterState>;

export const PrinterView = Type.Object({
  /** Of the worker that it is. */
  id: Id,
  name: Type.String(),
  owner: Type.String(),
  tags: Type.Array(Type.String()),
  state: PrinterState,
  /** `none`: after a print it takes the next one by itself. */
  gate: Type.Enum(['none', 'open', 'closed']),
  maintenance: Type.Boolean(),
  live: Nullable(PrinterLive),
  /** The print that it holds; its picture is `/v1/jobs/ID/image`. */
  print: Nullable(
    Type.Object({
      job: Id,
      task: Id,
      name: Type.String(),
      startedAt: Nullable(Time),
      /** As the agent says, else by what the slicer estimated. */
      remainingS: Nullable(Type.Number()),
      facts: Nullable(PrintFacts),
    }),
  ),
  /** Of the agent and its port, for people. */
  info: Type.Record(Type.String(), Type.Unknown()),
  seenAt: Time,
});
export type PrinterView = Static<typeof PrinterView>;

export const PrinterList = Type.Object({ printers: Type.Array(PrinterView) });

/** A line of G-code; `M112` stops the printer at once. */
export const PrinterCommandRequest = Type.Object({ command: Type.String({ maxLength: 200 }) }, closed);
export const ClearRequest = Type.Object(
  {
    /** False: something lies there after all. Default true. */
    clear: Type.Optional(Type.Boolean()),
  },
  closed,
);
export const GateRequest = Type.Object({ enabled: Type.Boolean() }, closed);
export const MaintenanceRequest = Type.Object({ on: Type.Boolean() }, closed);
export const TagsRequest = Type.Object(
  { tags: Type.Array(Type.String({ pattern: '^[^\\s?]{1,100}$' }), { maxItems: limits.tagCount }) },
  closed,
);
