import type { Refusal } from '../../../src/domain/errors.ts';
import type { CommandName } from '../../../src/engine/commands.ts';
import { procedures } from '../../../src/engine/procedures/index.ts';
import type { Done, Procedure, ProcedureContext, Procedures, Store, Write } from '../../../src/ports/store.ts';

type Loose = Procedure<Record<string, unknown>, unknown>;
type Finished = Done<unknown> | { readonly refusal: Refusal };
type Seen = Readonly<Record<string, unknown>>;

const table = procedures as unknown as Readonly<Record<string, Loose>>;

/**
 * The procedures with one of them broken: `input` is put in the place of what it was asked (with a look at what it has read
 * so far), `done` in the place of what it left behind.
 */
export function broken(
  name: CommandName,
  how: {
    input?: (input: Record<string, unknown>, seen: () => Seen) => Record<string, unknown>;
    done?: (done: Done<unknown>, seen: Seen) => Done<unknown>;
  },
): Procedures {
  const patched: Loose = function* (input, context: ProcedureContext) {
    let seen: Seen = {};
    const inner = table[name]!(how.input?.(input, () => seen) ?? input, context);
    let step = inner.next(undefined as never);
    while (!step.done) {
      const got = yield step.value;
      seen = { ...seen, ...got };
      step = inner.next(got);
    }
    const finished: Finished = step.value;
    return 'refusal' in finished ? finished : (how.done?.(finished, seen) ?? finished);
  };
  return { ...procedures, [name]: patched } as unknown as Procedures;
}

/** Changes some of the writes. */
export function writes(change: (write: Write, seen: Seen) => Write | null) {
  return (done: Done<unknown>, seen: Seen): Done<unknown> => ({
    ...done,
    writes: done.writes.flatMap((write) => {
      const changed = change(write, seen);
      return changed === null ? [] : [changed];
    }),
  });
}

/** The store with what `run` gives back changed. */
export function result(
  change: (given: Awaited<ReturnType<Store['run']>>, calls: number) => Awaited<ReturnType<Store['run']>>,
): (store: Store) => Store {
  let calls = 0;
  return (store) => ({ ...store, run: async (commands, lane) => change(await store.run(commands, lane), calls++) });
}
