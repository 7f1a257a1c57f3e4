import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import type { CommandContext } from './command-context.ts';
import type { Trouble } from './trouble.ts';

export interface CommandRow {
  /** What is wrong with these settings, or null. */
  fault(settings: Readonly<Record<string, unknown>>): string | null;
  run(settings: Readonly<Record<string, unknown>>, context: CommandContext): Promise<Trouble | null>;
}

/** A command: the schema of its settings, and what it does. Settings that it does not know are left alone. */
export function commandRow<S extends TSchema>(
  schema: S,
  run: (settings: Static<S>, context: CommandContext) => Promise<Trouble | null> | Trouble | null,
): CommandRow {
  // Only what is used is compiled: a worker that runs no command of a kind does not pay for it.
  let compiled: Validator | null = null;
  return {
    fault(settings) {
      compiled ??= Compile(schema);
      return compiled.Check(settings) ? null : faultText(compiled.Errors(settings)[1][0]);
    },
    run: async (settings, context) => run(settings as Static<S>, context),
  };
}

type SchemaError = ReturnType<Validator['Errors']>[1][number];

function faultText(error: SchemaError | undefined): string {
  if (error === undefined) return 'its settings are not as they should be';
  if (error.keyword === 'required') return `the setting ${error.params.requiredProperties.join(', ')} is missing`;
  return `the setting ${error.instancePath.slice(1)} ${error.message}`;
}
