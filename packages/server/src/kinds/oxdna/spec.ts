import { Priority, Sha256 } from '@switchyard/sdk/names.ts';
import { Needs } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

const aStage =
  'a FileConfig {type, content} or a ManualConfig {type, properties: [{name, value}]}, with the defaults of docs/doors/dnaforge.md';

/** `spec` of a job of kind `oxdna`. The three texts are files that were uploaded before. */
export const OxdnaSpec = Type.Object(
  {
    /** In oxDNA's classic or newer form. */
    topology: Sha256,
    /** Where the first stage begins. */
    configuration: Sha256,
    /** Outer forces; an empty file where there are none. */
    forces: Sha256,
    /** Absent: the default stages. Forms and options: docs/doors/dnaforge.md. */
    stages: Type.Optional(Type.Array(Type.Unknown({ description: aStage }), { minItems: 1, maxItems: 100 })),
    /** Kept for whoever looks at the job. */
    metadata: Type.Optional(
      Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 10_000 }), { maxProperties: 64 }),
    ),
    /** Stages that can may run on a graphics card: for fleets whose engines can. Default false. */
    cuda: Type.Optional(Type.Boolean()),
    needs: Type.Optional(Needs),
    priority: Type.Optional(Priority),
    /** Of each stage. */
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    maxLosses: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000_000 })),
    silenceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000_000 })),
  },
  closed,
);
export type OxdnaSpec = Static<typeof OxdnaSpec>;

/** Of the whole list of stages as JSON text. */
export const stagesLength = 2 * 1_048_576;
