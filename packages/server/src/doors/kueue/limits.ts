/** Every bound of the door, by name. Bytes, milliseconds, counts. Each has a test on both sides of its edge. */
export interface KueueLimits {
  /** One message of a peer that has not proved that it knows the secret (kueue §7.2). */
  readonly messageBytes: number;
  /** One message of a peer that has. Results of a job have no limit: they are streamed (kueue §7.2). */
  readonly trustedMessageBytes: number;
  /** How much longer a worker's echo of a job may be than what its client sent: status, names, amounts. */
  readonly echoBytes: number;
  /** Characters of a command with its array's placeholders filled in; a longer one is shown and offered by no Kueue program. */
  readonly commandLength: number;
  /** Characters of each command in a `JobList`, where the client shortens them to a column anyway. */
  readonly listedCommandLength: number;
  /** From this size on results of a job are streamed into its log instead of being collected. */
  readonly streamFromBytes: number;
  /** Nesting of a value; the real peers' parser gives up at the same depth (kueue §1). */
  readonly depth: number;
  /** For hello, and for a worker's answer to its challenge and its first report (kueue §7.3). */
  readonly helloMs: number;
  /** A message that was begun and does not come to its end. */
  readonly unfinishedMs: number;
  /** How long the end of a job waits for its outputs (kueue §6.9). */
  readonly resultsMs: number;
  /** Wrong answers to a challenge on one connection before it is closed (kueue §7.4). */
  readonly strikes: number;
  /** Pause before a wrong answer is told so: doubled with each further one of the connection. */
  readonly strikeDelayMs: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Requests of one client that were read and not answered yet; beyond it nothing more is read. */
  readonly pipelined: number;
  /** Bytes that a peer did not take yet. A client beyond it is not served further; a worker is closed at four times as much. */
  readonly unsentBytes: number;
  /** Output bytes on their way to the log; beyond it the connection is not read for the moment. */
  readonly logBytesInFlight: number;
  /** Rows of one `JobList`, the newest. */
  readonly listedJobs: number;
  /** Least time between two stored reports of a worker whose numbers only wobble (kueue §4.4). */
  readonly reportMs: number;
  readonly nameLength: number;
}

export const kueueLimits: KueueLimits = {
  messageBytes: 65_536,
  trustedMessageBytes: 64 * 1_048_576,
  echoBytes: 1_048_576,
  commandLength: 48 * 1_048_576,
  listedCommandLength: 4_096,
  streamFromBytes: 262_144,
  depth: 128,
  helloMs: 30_000,
  unfinishedMs: 60_000,
  resultsMs: 5_000,
  strikes: 5,
  strikeDelayMs: 50,
  connections: 16_384,
  connectionsPerAddress: 4_096,
  pipelined: 64,
  unsentBytes: 1_048_576,
  logBytesInFlight: 4 * 1_048_576,
  listedJobs: 10_000,
  reportMs: 1_000,
  nameLength: 100,
};
