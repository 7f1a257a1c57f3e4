import Type, { type Static } from 'typebox';
import { limits } from './names.ts';

/**
 * Payload family `commands`: a task is a list of named steps, run in order, the first failure failing the task
 * (flamenco §3, §6.1). Every Flamenco task type carries it, and any other kind name that enters by that door.
 */

/** Bounds of one task of this family. */
export const commandLimits = {
  commands: 10_000,
  settings: 256,
} as const;

/**
 * One step. Which settings a name knows is the runner's table to say: names and settings that nobody here knows are kept
 * and handed on, because the worker that takes the task may know them. `null` counts as absent (flamenco §6.1).
 */
export const Command = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: limits.nameLength }),
    settings: Type.Record(Type.String(), Type.Unknown(), { maxProperties: commandLimits.settings }),
  },
  { additionalProperties: false },
);
export type Command = Static<typeof Command>;

/** An empty list is allowed: such a task completes at once (flamenco §3). */
export const CommandsPayload = Type.Object(
  { commands: Type.Array(Command, { maxItems: commandLimits.commands }) },
  { additionalProperties: false },
);
export type CommandsPayload = Static<typeof CommandsPayload>;

/** Task kinds of this family that a Flamenco worker offers by default (flamenco §6.3). */
export const commandKinds = ['sleep', 'blender-render', 'file-management', 'exr-merge', 'debug', 'video-encoding'] as const;
export type CommandKind = (typeof commandKinds)[number];
