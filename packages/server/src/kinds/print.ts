import { type PrintPayload, PrintSpec } from '@switchyard/sdk/print.ts';
import type { TaskBody } from '@switchyard/sdk/task-spec.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import { hasTag, submitterTag } from '../domain/worker.ts';
import type { Around, KindRow } from './kind-row.ts';
import { ends, factsIn, faultIn, printFacts, tagsOf } from './print-file.ts';

/** Kind of the tasks too: what printers run. */
export const printKind = 'print';
/** Where there is a pool of this name, no more printers than it holds heat up at once. Given back once it is hot. */
export const heatingPool = 'heating';

/** Prints of one file, each a task. A print that was lost is over: nobody knows what lies on the plate (DESIGN section 3). */
export const print: KindRow = {
  text: 'G-code on a 3D printer, once or in several copies',
  spec: PrintSpec,
  looksAround: true,
  endsOf: { ...ends, blob: (spec) => (spec as PrintSpec).blob },
  compile(given, { startOn }, around) {
    const spec = given as PrintSpec;
    const { blob, size, name, file = null, copies = 1, needs = {} } = spec;
    const seen = around.ends;
    if (seen === null) return refuse('not_found', `The file ${name} is not here: upload it first`, '/spec/blob');
    if (size !== undefined && size !== seen.size) {
      return refuse('invalid', `${name} has ${seen.size} bytes, not ${size}`, '/spec/size');
    }
    const fault = faultIn(seen);
    if (fault !== null) return refuse('invalid', `${name} cannot be printed: ${fault}`, '/spec/blob');
    const facts = factsIn(seen);
    const tags = spec.anyway === true ? [] : tagsOf(facts);
    const unfit = unfitFor(tags, startOn ?? needs.worker ?? null, around);
    if (unfit !== null) return unfit;
    const payload: PrintPayload = { blob, size: seen.size, name, file, facts: printFacts(facts) };
    // As an input the bytes are kept until it is over, whatever becomes of the file.
    const body: TaskBody = { payload, inputs: [{ path: 'print.gcode', blob }] };
    const text = JSON.stringify(body);
    const tasks = Array.from({ length: copies }, (_, index) =>
      planOf(spec, tags, copies === 1 ? null : `copy ${index + 1}`, text),
    );
    return { value: { name, spec: JSON.stringify(spec), tasks } };
  },
};

/** What a named printer says of itself decides at once; otherwise it waits for one that fits. */
function unfitFor(tags: readonly string[], printer: number | null, { worker }: Around): Result<never> | null {
  const named = printer === null ? null : worker(printer);
  const missing = named === null ? undefined : tags.find((tag) => !hasTag(named, tag));
  if (named === null || missing === undefined) return null;
  const family = missing.split(/:|>=/)[0] ?? '';
  const told = named.tags.filter((tag) => tag.startsWith(`${family}:`)).join(', ');
  return refuse(
    'impossible',
    `The file was made for ${missing.slice(0, -1)}, and ${named.name} has ${told}`,
    '/spec/needs/worker',
  );
}

function planOf({ needs = {}, priority = 0 }: PrintSpec, fitting: readonly string[], key: string | null, body: string): TaskPlan {
  return {
    key,
    kind: printKind,
    tags: [...(needs.tags ?? []), ...fitting, submitterTag],
    amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
    pools: { ...needs.pools, [`${heatingPool}?`]: 1 },
    pin: needs.worker ?? null,
    priority,
    policy: { retries: 0, maxLosses: 0, on: 'any', backoffMs: 0, onLoss: 'fail' },
    timeoutMs: 0,
    silenceMs: 0,
    body,
    after: [],
    array: null,
    refersTo: [],
  };
}
