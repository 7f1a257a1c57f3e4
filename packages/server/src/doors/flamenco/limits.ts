/** Every bound of this door. */
export const flamencoLimits = {
  /** A task update is read whole up to here; of a longer one the middle of its log is left out (flamenco §8 B2), bytes. */
  updateBytes: 64 * 1_048_576,
  /** And beyond this the connection is cut, bytes. */
  longestUpdateBytes: 4 * 1_073_741_824,
  /** Bodies of task updates in memory at once; more wait, bytes. */
  updatesBytes: 256 * 1_048_576,
  /** All other bodies, bytes. */
  smallBytes: 262_144,
  secretMin: 32,
  secretMax: 256,
  nameLength: 128,
  taskTypes: 64,
  taskTypeLength: 64,
  activityLength: 1_000,
  /** Workers that wait for approval. */
  pending: 1_000,
  /** Recent updates of a worker that are known again (flamenco §8 B4). */
  remembered: 64,
  /** How long a worker that seems to run its task already is not handed it again (flamenco §8 B8), ms. */
  rerunMs: 15_000,
  /** Updates but no may-i-run for so long: nothing can stop its tasks (flamenco §7.6), ms. */
  unsupervisedMs: 60_000,
  /** A worker in state `error` says nothing for 600 s (flamenco §4), ms. */
  errorMs: 660_000,
  /** Clocks of workers may be wrong by so much, for registration tokens (flamenco §8 C1), s. */
  leewaySeconds: 300,
  /** A twin that is gone for so long is forgotten (flamenco §8 B14); so often it is looked for, ms. */
  twinMs: 3_600_000,
  /** `/imagewatch` readers. */
  watchers: 200,
  heartbeatMs: 15_000,
} as const;

export type FlamencoLimits = Readonly<Record<keyof typeof flamencoLimits, number>>;
