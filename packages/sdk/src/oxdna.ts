import Type, { type Static } from 'typebox';
import { Amount, closed } from './names.ts';
import { WireArtifact } from './worker-wire.ts';

/**
 * Tasks of kind `oxdna`: one stage of an oxDNA simulation (dnaforge §4). Whoever submits makes the stage's input text; the
 * worker lays its own keys over it (files, output, see `runners/oxdna`), runs it, extends it and keeps its files.
 *
 * While it runs: `progress` is `{done, total, unit: 'steps'}` with `done = steps · extensions + step of the present run` and
 * `total = steps · (1 + extensions)`, so that extensions = total / steps - 1. Its live value `oxdnaLive.configuration` is the
 * present configuration. Its stream `log` holds the energy series as a table (`series.ts`), its stream `err` the engine's log.
 * When it has ended, whatever the way: `OxdnaResult`, and its files as artifacts, those of a failed or stopped run too.
 */
export const oxdnaKind = 'oxdna';

/** Names in the working folder, which is flat; the same names are the artifacts' paths. Inputs may have no other paths. */
export const oxdnaFiles = {
  /** Inputs: all three, an empty `forces` where there are none. The next stage's `start` is the artifact `end` of this one. */
  topology: 'topology.top',
  start: 'conf_start.dat',
  forces: 'forces.forces',
  /** What the stage leaves. `trajectory` only with `createTrajectory`. */
  end: 'conf_end.dat',
  energy: 'energy.dat',
  trajectory: 'trajectory.dat',
  input: 'input.properties',
  log: 'oxDNA.log',
} as const;

/** Of a run that was extended: `energy.ext0.dat` is the first run's, `energy.dat` the last one's. */
export function oxdnaKeptName(file: 'energy.dat' | 'trajectory.dat' | 'conf_end.dat', extension: number): string {
  return file.replace('.dat', `.ext${extension}.dat`);
}

export const oxdnaLimits = {
  /** Characters of the input text. */
  inputLength: 65_536,
  steps: 1_000_000_000_000,
  extensions: 100_000,
} as const;

const Steps = Type.Integer({ minimum: 1, maximum: oxdnaLimits.steps });

export const OxdnaPayload = Type.Object(
  {
    /** Position in its job, from 0: for texts. */
    stage: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    /**
     * Keys and values of the stage as an oxDNA input file. Its file, output and `steps` keys are replaced; what could touch
     * other paths or load code is refused (`oxdnaInputTrouble` of the worker: dnaforge §7.8).
     */
    input: Type.String({ maxLength: oxdnaLimits.inputLength }),
    /** Of one run, without extensions. */
    steps: Steps,
    /** Steps between two energy lines: `print_energy_every`. */
    printEvery: Steps,
    autoExtend: Type.Boolean(),
    maxExtensions: Type.Integer({ minimum: 0, maximum: oxdnaLimits.extensions }),
    createTrajectory: Type.Boolean(),
  },
  closed,
);
export type OxdnaPayload = Static<typeof OxdnaPayload>;

/** Kept at the start of every extension: the next attempt goes on there, on whatever worker. */
export const OxdnaCheckpoint = Type.Object({
  /** The run that begins: 1 is the first extension. */
  extensions: Type.Integer({ minimum: 1, maximum: oxdnaLimits.extensions }),
  /** Its start configuration. */
  start: WireArtifact,
  /** Files of the runs before it, under the names that they have as artifacts. */
  kept: Type.Array(WireArtifact, { maxItems: 10_000 }),
});
export type OxdnaCheckpoint = Static<typeof OxdnaCheckpoint>;

/** The task's `result`. */
export const OxdnaResult = Type.Object({
  extensions: Amount,
  /** Done over all runs, and `steps · (1 + extensions)`: the same when it succeeded. */
  steps: Amount,
  totalSteps: Amount,
  /** What `oxDNA -v` says; null: it says nothing of use. */
  engine: Type.Union([Type.String(), Type.Null()]),
  /** Last energy line (per nucleotide); null: there was none, or a number in it was not finite. */
  energy: Type.Union([Type.Number(), Type.Null()]),
  stretched: Type.Union([Type.Integer(), Type.Null()]),
});
export type OxdnaResult = Static<typeof OxdnaResult>;

/** Names of live values (`watch` and live frames of `worker-wire.ts`; `engine.live` of the server). */
export const oxdnaLive = {
  /**
   * Text of the present configuration: whole, with as many particle lines as the topology says, never torn. Its `at` is the
   * step over all runs, as in `progress.done`.
   */
  configuration: 'configuration',
} as const;
