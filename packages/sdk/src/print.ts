import Type, { type Static } from 'typebox';
import { closed, Name, Priority, Sha256 } from './names.ts';
import { Needs } from './task-spec.ts';

const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

/** `spec` of a job of kind `print`: G-code for a printer, once or several times. */
export const PrintSpec = Type.Object(
  {
    /** The bytes. */
    blob: Sha256,
    size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** For people, such as `bracket.gcode`. */
    name: Name,
    /** The kept file that it is, where it is one. */
    file: Type.Optional(Uuid),
    /** So many prints, on whichever printers are free. Default 1. */
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** Of the printer: tags such as `pla`; `worker` names one. */
    needs: Type.Optional(Type.Pick(Needs, ['tags', 'worker', 'pools'])),
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
}
