/** Every bound and rhythm of the worker: bytes, milliseconds, counts. */
export const limits = {
  /** Log bytes per stream that were read from a task and are not committed by the server yet. */
  logWindow: 1_048_576,
  /** What is gathered before a frame is sent at once. */
  logBatch: 65_536,
  logChunks: 1_000,
  logDelayMs: 20,
  /** Per stream, on disk, while the server is away: the first half and the last half. */
  spoolBytes: 64 * 1_048_576,
  reportEveryMs: 250,
  /** Live values: each name at most so often; a value that cannot be made is asked for again so many times. */
  liveEveryMs: 250,
  liveTries: 40,
  /** One text frame to the server. */
  textFrame: 524_288,
  /** Bytes that the socket has not taken yet, above which reports wait. */
  socketBacklog: 1_048_576,
  /** A message of the server. */
  serverFrame: 64 * 1_048_576,
  handshakeMs: 15_000,
  reconnectMs: { first: 200, most: 10_000 },
  /** How often the text about an absent server is repeated. */
  nagMs: 60_000,
  /** Output that is still in the pipe after a process and all its descendants are gone. */
  drainMs: 2_000,
  /** A process that even SIGKILL does not end within this (a dead disk) is left behind, and said so. */
  killPatienceMs: 10_000,
  /** Acknowledgements that are awaited before leaving. */
  farewellMs: 5_000,
  /** Files that the server does not give or take just now are tried again for so long. */
  fileRetryMs: 600_000,
  /** Files of an attempt that was told to end: the server waits a minute for its last word. */
  lastFilesMs: 30_000,
  /** A rendered picture that is shown as the newest of its job, and how often at most. */
  imageBytes: 256 * 1_048_576,
  imageEveryMs: 5_000,
  /** A network disk may show a new file a little late (flamenco §6.1 blender_render). */
  lateFileMs: 5_000,
  artifactCount: 10_000,
  artifactBytes: 64 * 1024 ** 3,
  cacheBytes: 4 * 1024 ** 3,
  journalBytes: 4 * 1_048_576,
  environBytes: 4 * 1_048_576,
  waitingRuns: 1_000,
  offers: 2_000,
} as const;

/** The limits that a test (or an option) may set. */
export interface Rhythm {
  readonly graceMs: number;
  readonly handshakeMs: number;
  readonly reconnectMs: { readonly first: number; readonly most: number };
  readonly spoolBytes: number;
  readonly fileRetryMs: number;
  readonly farewellMs: number;
  readonly cacheBytes: number;
  readonly lateFileMs: number;
}

export const defaultRhythm: Rhythm = {
  graceMs: 5_000,
  handshakeMs: limits.handshakeMs,
  reconnectMs: limits.reconnectMs,
  spoolBytes: limits.spoolBytes,
  fileRetryMs: limits.fileRetryMs,
  farewellMs: limits.farewellMs,
  cacheBytes: limits.cacheBytes,
  lateFileMs: limits.lateFileMs,
};
