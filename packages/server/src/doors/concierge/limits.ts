/** Every bound of this door; options, HELLO and the page of the door are made from it. */
export const conciergeLimits = {
  /** First frame complete within, ms. */
  identifyMs: 5_000,
  heartbeatMs: 5_000,
  /** Closed when no Ping or Pong came for longer than this, ms. */
  silenceMs: 10_000,
  /** How long the holder of a wanted name is given to show that it is alive, ms. */
  probeMs: 1_500,
  /** One message of a client, bytes; over: 1009. */
  messageBytes: 524_288,
  /** First text frame while it is not known whose it is (no sub-protocol), bytes. */
  firstFrameBytes: 65_536,
  /** One frame to a client, bytes: Python's `websockets` closes above 1 MiB. */
  frameBytes: 1_048_576,
  /** Waiting for one client, bytes. */
  queueBytes: 8 * 1_048_576,
  /** A client whose own answers pile up to this is read more slowly, bytes. */
  answerBytes: 1_048_576,
  answerPauseMs: 1_000,
  framesPerSecond: 5_000,
  bytesPerSecond: 16 * 1_048_576,
  clients: 20_000,
  clientsPerAddress: 10_000,
  /** Failed identifications of one address in a minute. */
  failuresPerMinute: 300,
  servicesPerClient: 1_000,
  subscriptionsPerClient: 10_000,
  services: 200_000,
  /** Subscribers listed in the origin of a MESSAGE; above: `[]`. */
  originSubscribers: 100,
  /** Subscribers listed in (un)subscribe events; above: `[]`, for the list goes to each of them. */
  eventSubscribers: 250,
  /** Objects and lists inside each other in `data`: what the slowest parser of a receiver bears (serde: 128). */
  depth: 128,
  /** How long a client that asked for it may be away, ms; what is kept for it meanwhile; how many may be away. */
  resumeMs: 30_000,
  resumeBytes: 1_048_576,
  resumeClients: 1_000,
  fileBytes: 16 * 1_048_576,
  clientFileBytes: 64 * 1_048_576,
  filesPerClient: 1_000,
} as const;

export type ConciergeLimits = Readonly<Record<keyof typeof conciergeLimits, number>>;

export const text = { name: 128, nickname: 256, tags: 32, tag: 64, serviceBytes: 256 } as const;
