import type { Command } from 'commander';

export interface JsonOption {
  readonly json?: boolean;
}

export function withJson(command: Command, text = 'one JSON document instead of a table'): Command {
  return command.optionsGroup('Output:').option('--json', text);
}

/** For options that may be given several times, and with commas. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...value.split(',').filter((part) => part !== '')];
}

/** The same without commas: values that may have some themselves. */
export function collectWhole(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
