import Type, { type Static } from 'typebox';
import { uintMax } from './numbers.ts';

/**
 * A stage as its author describes it (dnaforge §3.3, and §6.3 for the older forms). Unknown fields are left alone, what may be
 * missing has a default: the older clients leave out all but `type` and their own fields.
 */
const text = (maxLength: number) => Type.String({ maxLength });
const Texts = Type.Record(text(200), text(10_000), { maxProperties: 64 });
const Uint = Type.Integer({ minimum: 0, maximum: uintMax });

const Common = {
  metadata: Type.Optional(Texts),
  createTrajectory: Type.Optional(Type.Boolean()),
  autoExtendStage: Type.Optional(Type.Boolean()),
  /** An emptied field of the web client comes as null. */
  maxExtensions: Type.Optional(Type.Union([Uint, Type.Null()])),
};

export const FileConfig = Type.Object({ type: Type.Literal('FileConfig'), ...Common, content: text(262_144) });
export type FileConfig = Static<typeof FileConfig>;

export const ManualConfig = Type.Object({
  type: Type.Literal('ManualConfig'),
  ...Common,
  properties: Type.Array(Type.Object({ name: text(200), value: text(1_000) }), { maxItems: 200 }),
});
export type ManualConfig = Static<typeof ManualConfig>;

const Thermostat = Type.Object({
  type: Type.Literal('BrownianThermostat'),
  newtonianSteps: Uint,
  pt: Type.Number(),
  diffCoeff: Type.Number(),
});
const InteractionType = Type.Union([
  Type.Object({
    type: Type.Literal('RelaxInteraction'),
    relaxInteractionType: Type.Enum(['DNA_RELAX', 'RNA_RELAX']),
    relaxType: Type.Enum(['CONSTANT_FORCE', 'HARMONIC_FORCE']),
    relaxStrength: Type.Number(),
  }),
  Type.Object({ type: Type.Literal('V1Interaction'), v1InteractionType: Type.Enum(['DNA', 'RNA']) }),
  Type.Object({
    type: Type.Literal('V2Interaction'),
    v2InteractionType: Type.Enum(['DNA2', 'RNA2']),
    saltConcentration: Type.Number(),
  }),
]);
const SimType = Type.Union([
  Type.Object({ type: Type.Literal('MinConfig') }),
  Type.Object({
    type: Type.Literal('McConfig'),
    deltaTranslation: Type.Number(),
    deltaRotation: Type.Number(),
    interactionType: InteractionType,
    thermostat: Thermostat,
  }),
  Type.Object({ type: Type.Literal('MdConfig'), interactionType: InteractionType, thermostat: Thermostat }),
]);

/** The older `ManualConfig`: told apart by having no `properties`. */
export const NestedConfig = Type.Object({
  type: Type.Literal('ManualConfig'),
  ...Common,
  steps: Uint,
  dt: Type.Number(),
  temperature: Type.Number(),
  maxBackboneForce: Type.Number(),
  maxBackboneForceFar: Type.Number(),
  verletSkin: Type.Number(),
  externalForces: Type.Boolean(),
  printInterval: Uint,
  simType: SimType,
});
export type NestedConfig = Static<typeof NestedConfig>;

/** In full, as today's clients send and read it. */
export type StageConfig = Required<Pick<ManualConfig, 'metadata' | 'createTrajectory' | 'autoExtendStage'>> & {
  readonly maxExtensions: number;
} & (Pick<FileConfig, 'type' | 'content'> | Pick<ManualConfig, 'type' | 'properties'>);
