import Type, { type Static, type TSchema } from 'typebox';
import { closed, Name, Priority, Sha256 } from './names.ts';
import { Needs } from './task-spec.ts';

function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

/** `spec` of a job of kind `print`: G-code for a printer, once or several times. */
export const PrintSpec = Type.Object(
  {
    /** The bytes. */
    blob: Sha256,
    /** Its bytes; refused where it is not so. */
    size: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    /** For people, such as `bracket.gcode`. */
    name: Name,
    /** The kept file that it is, where it is one. */
    file: Type.Optional(Uuid),
    /** So many prints, on whichever printers are free. Default 1. */
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** Of the printer: tags such as `pla`; `worker` names one. */
    needs: Type.Optional(Type.Pick(Needs, ['tags', 'worker', 'pools'])),
    /** Also on a printer with another nozzle, material or size than the file was made for. */
    anyway: Type.Optional(Type.Boolean()),
    priority: Type.Optional(Priority),
  },
  closed,
);
export type PrintSpec = Static<typeof PrintSpec>;

/** What a printer's door needs to know of a print. */
export interface PrintPayload {
  readonly blob: string;
  readonly size: number;
  readonly name: string;
  /** Null: it was not taken from the kept files. */
  readonly file: string | null;
  /** What the slicer wrote into it. */
  readonly facts?: PrintFacts;
}

export const PrintFacts = Type.Object({
  slicer: Nullable(Type.String()),
  /** Estimated printing time. */
  seconds: Nullable(Type.Number()),
  filamentMm: Nullable(Type.Number()),
  filamentGrams: Nullable(Type.Number()),
  materials: Type.Array(Type.String()),
  nozzle: Nullable(Type.Number()),
  layerHeight: Nullable(Type.Number()),
  layers: Nullable(Type.Number()),
  /** Whether it brings a picture of itself. */
  thumbnail: Type.Boolean(),
});
export type PrintFacts = Static<typeof PrintFacts>;
