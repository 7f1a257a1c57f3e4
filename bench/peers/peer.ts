/** The calls that a peer's adding process serves. */
export interface AddsInput {
  open: { readonly at: string; readonly connections: number };
  /** One call per job, by so many callers, for so long. */
  submit: { readonly ms: number; readonly callers: number };
  /** Jobs `0 … count-1` by the peer's bulk call. */
  fill: { readonly count: number; readonly batch: number };
  /** One job; answers the moment before the call. */
  addOne: { readonly n: number };
}

/** The calls that a peer's working process serves. */
export interface WorksInput {
  open: { readonly at: string; readonly mode: 'throughput' | 'latency' };
  /** Jobs `0 … count-1` will come. */
  expect: { readonly count: number; readonly stamps: boolean };
}

export interface Peer {
  readonly name: string;
  readonly server: 'postgres' | 'redis';
  /** Programs, relative to `bench/`. */
  readonly adds: string;
  readonly works: string;
  /** As measured best on two cores: connections of the adding process, jobs per bulk call. */
  readonly connections: number;
  readonly batch: number;
  /** Its settings, for the report. */
  readonly tuned: string;
}
