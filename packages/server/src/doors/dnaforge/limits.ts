/** Every bound of this door. */
export const dnaforgeLimits = {
  /** A socket must show its token within, ms. */
  authMs: 10_000,
  /** Sockets that have not; a newcomer takes the place of the one that has waited longest. */
  strangers: 256,
  /** What one of them may send before it is cut off, bytes. */
  strangerBytes: 16_384,
  sockets: 10_000,
  socketsPerAddress: 5_000,
  /** Pinged so often; closed when no pong came until the next, ms (dnaforge §1.1). */
  pingMs: 15_000,
  /** One request or message, bytes (dnaforge §1.1: 20,000 nucleotides are 5.5 MB). */
  bodyBytes: 64 * 1_048_576,
  /** Waiting for one socket, bytes. Structures and progress wait for room; changes of state without room end the socket. */
  queueBytes: 32 * 1_048_576,
  /** Updates of progress and of configurations of one job, to one socket: at least so far apart, ms (dnaforge §7, weak point 4). */
  updateMs: 250,
  /** Ended jobs that are listed; older ones are there when asked for by id. */
  listedJobs: 20_000,
  /** Tokens of clients that may come back. */
  tokens: 10_000,
} as const;

export type DnaforgeLimits = Readonly<Record<keyof typeof dnaforgeLimits, number>>;
