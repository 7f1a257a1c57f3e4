import { ArraySpec } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';
import { arrayOf } from './array.ts';
import type { KindRow } from './kind-row.ts';
import { defaultMaxLosses } from './shell-task.ts';

const Spec = Type.Object({ n: Type.Optional(Type.Integer()), array: Type.Optional(ArraySpec) }, { additionalProperties: false });

/** Nothing: measures all that is around a task. Only workers started with `--kind noop` take it. `n` is whatever the sender likes. */
export const noop: KindRow = {
  text: 'nothing at all, to measure with; for workers started with --kind noop',
  spec: Spec,
  compile(given) {
    const spec = given as Static<typeof Spec>;
    const array = arrayOf(spec.array, '/spec/array');
    if (array.refusal !== undefined) return array;
    const task = {
      key: null,
      kind: 'noop',
      tags: [],
      amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
      pools: {},
      pin: null,
      priority: 0,
      policy: { retries: 0, maxLosses: defaultMaxLosses, on: 'any', backoffMs: 1_000, onLoss: 'requeue' },
      timeoutMs: 0,
      silenceMs: 0,
      body: JSON.stringify({ payload: spec.n === undefined ? {} : { n: spec.n } }),
      after: [],
      array: array.value,
      refersTo: [],
    } as const;
    return { value: { name: 'noop', spec: JSON.stringify(spec), tasks: [task] } };
  },
};
