import { OxdnaCheckpoint, OxdnaPayload, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import { Compile } from 'typebox/schema';
import { failed, giveBack, type Outcome } from '../../outcome.ts';
import type { RunContext, Runner } from '../runner.ts';
import { inputFilesTrouble } from './input-files.ts';
import { inputTrouble, parseInput } from './input-text.ts';
import { findOxdna } from './program.ts';
import { Stage } from './stage.ts';

const Payload = Compile(OxdnaPayload);
const Checkpoint = Compile(OxdnaCheckpoint);

/** One stage of an oxDNA simulation: `sdk/oxdna.ts` says what goes in and comes out. */
export const oxdna: Runner = { how: 'process', run };

/** The next stage's start may come from a stage before; nothing else has a place in the folder (a library would be loaded). */
const inputNames: ReadonlySet<string> = new Set([oxdnaFiles.topology, oxdnaFiles.start, oxdnaFiles.forces]);

async function run(context: RunContext): Promise<Outcome> {
  const { task } = context;
  const { payload, inputs = [] } = task.body;
  if (!Payload.Check(payload)) return giveBack('reject', `the payload of task ${task.task} is not one of kind oxdna`);
  const keys = parseInput(payload.input);
  const stranger = inputs.find(({ path }) => !inputNames.has(path));
  const trouble = stranger === undefined ? inputTrouble(keys) : `${JSON.stringify(stranger.path)} is not an input of kind oxdna`;
  if (trouble !== null) return failed({ reason: 'error', error: trouble });
  const program = findOxdna(context.environment);
  if (program === null) return giveBack('reject', 'there is no program oxDNA on this worker (OXDNA_BIN, or oxDNA on its PATH)');
  const folder = context.freshFolder();
  const resumed = Checkpoint.Check(task.checkpoint) ? task.checkpoint : null;
  const placed = await place(context, folder, resumed);
  if ('outcome' in placed) return placed.outcome;
  const unfit = await inputFilesTrouble(folder).catch((error: Error) => `an input is missing: ${error.message}`);
  if (unfit !== null) return failed({ reason: 'error', error: unfit });
  return await Stage.run({ context, payload, keys, program, folder, checkpoint: placed.checkpoint });
}

type Placed = { readonly outcome: Outcome } | { readonly checkpoint: OxdnaCheckpoint | null };

/** With a checkpoint its configuration stands in for the first one; where that is gone the stage begins anew. */
async function place(context: RunContext, folder: string, checkpoint: OxdnaCheckpoint | null): Promise<Placed> {
  const others = checkpoint === null ? [] : [{ path: oxdnaFiles.start, blob: checkpoint.start.blob }];
  const missing = await context.placeInputs(folder, others);
  if (missing === null) return { checkpoint };
  if (checkpoint === null || missing.giveBack !== undefined) return { outcome: missing };
  return await place(context, folder, null);
}
