import { type PrintPayload, PrintSpec } from '@switchyard/sdk/print.ts';
import type { TaskBody } from '@switchyard/sdk/task-spec.ts';
import type { TaskPlan } from '../domain/plan.ts';
import type { KindRow } from './kind-row.ts';

/** Kind of the tasks too: what printers run. */
export const printKind = 'print';

/** Prints of one file, each a task. A print that was lost is over: nobody knows what lies on the plate (DESIGN section 3). */
export const print: KindRow = {
  text: 'G-code on a 3D printer, once or in several copies',
  spec: PrintSpec,
  compile(given) {
    const spec = given as PrintSpec;
    const { blob, size, name, file = null, copies = 1 } = spec;
    const payload: PrintPayload = { blob, size, name, file };
    // As an input the bytes are kept until it is over, whatever becomes of the file.
    const body: TaskBody = { payload, inputs: [{ path: 'print.gcode', blob }] };
    const text = JSON.stringify(body);
    const tasks = Array.from({ length: copies }, (_, index) => planOf(spec, copies === 1 ? null : `copy ${index + 1}`, text));
    return { value: { name, spec: JSON.stringify(spec), tasks } };
  },
};

function planOf({ needs = {}, priority = 0 }: PrintSpec, key: string | null, body: string): TaskPlan {
  return {
    key,
    kind: printKind,
    tags: needs.tags ?? [],
    amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
    pools: needs.pools ?? {},
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
