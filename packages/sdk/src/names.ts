import Type from 'typebox';

/** Bounds of everything that people send. Names, not numbers, are used at the places that check. */
export const limits = {
  nameLength: 200,
  labelCount: 32,
  labelLength: 200,
  argvCount: 4096,
  argvBytes: 1_048_576,
  envCount: 512,
  pathLength: 4096,
  tagCount: 64,
  tagLength: 100,
  parents: 1_000,
  tasksPerRequest: 100_000,
  arraySize: 10_000_000,
  arrayItems: 100_000,
  itemLength: 4096,
  inputs: 1_000,
  outputs: 100,
  bulkJobs: 1_000,
  priority: 1_000_000,
  amount: 9_007_199_254_740_991,
  submitBytes: 64 * 1_048_576,
  pageRows: 1_000,
  errorLength: 4_096,
  resultBytes: 65_536,
  checkpointBytes: 65_536,
} as const;

const closed = { additionalProperties: false } as const;

export const Name = Type.String({ minLength: 1, maxLength: limits.nameLength });
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const Time = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const Amount = Type.Integer({ minimum: 0, maximum: limits.amount });
export const AmountMap = Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$' }), Amount, {
  ...closed,
  maxProperties: 64,
});
export const Priority = Type.Integer({ minimum: -limits.priority, maximum: limits.priority });
export { closed };
