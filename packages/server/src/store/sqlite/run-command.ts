import type { Refusal } from '../../domain/errors.ts';
import type { Command, Done, Procedures, ReadSet, ResultsOf } from '../../ports/store.ts';
import { textOf } from './sqlite-errors.ts';

/** S4 */
const mostReads = 3;

export type Ran = { readonly done: Done<unknown> } | { readonly refusal: Refusal } | { readonly thrown: string };

/** Runs one procedure up to what it wants written. Nothing is written here, so a refusal or a throw leaves no trace. */
export function runCommand(procedures: Procedures, command: Command, read: (set: ReadSet) => ResultsOf<ReadSet>): Ran {
  const { name, input, now, by, dice } = command;
  const procedure = Object.hasOwn(procedures, name) ? procedures[name] : undefined;
  if (procedure === undefined) return { thrown: `there is no procedure called ${name}` };
  const asked = readsAsked(read);
  try {
    const running = procedure(input as never, { now, by, dice });
    // What goes into the first `next` is dropped by every generator.
    let step = running.next(undefined as never);
    while (!step.done) step = running.next(asked(step.value));
    return 'refusal' in step.value ? { refusal: step.value.refusal } : { done: step.value };
  } catch (error) {
    if (error instanceof ReadFailed) throw error.cause;
    return { thrown: textOf(error) };
  }
}

/** A failing database is the batch's matter, not this command's bug. */
class ReadFailed extends Error {}

function readsAsked(read: (set: ReadSet) => ResultsOf<ReadSet>): (set: ReadSet) => ResultsOf<ReadSet> {
  let reads = 0;
  return (set) => {
    reads += 1;
    if (reads > mostReads) throw new Error(`more than ${mostReads} reads in one procedure`);
    try {
      return read(set);
    } catch (cause) {
      throw new ReadFailed('read', { cause });
    }
  };
}
