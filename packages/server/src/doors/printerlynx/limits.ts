/** Bounds of this door (printerlynx §1.3, §1.5, §1.7, §5.3). Times in ms. */
export interface PrinterlynxLimits {
  /** Of a JSON body over HTTP, bytes. */
  readonly bodyBytes: number;
  /** Of one uploaded file, bytes. */
  readonly fileBytes: number;
  /** Life of a user's token. */
  readonly tokenMs: number;
  /** Of one message on a socket, bytes. */
  readonly messageBytes: number;
  readonly firstMessageMs: number;
  readonly failures: number;
  readonly pingMs: number;
  readonly silenceMs: number;
  /** Messages a second. */
  readonly userRate: number;
  readonly agentRate: number;
  /** What may wait for a slow reader, bytes. */
  readonly queuedBytes: number;
  readonly sockets: number;
  /** Of one agent. */
  readonly printers: number;
}

export const printerlynxLimits: PrinterlynxLimits = {
  bodyBytes: 65_536,
  fileBytes: 1_073_741_824,
  tokenMs: 31_536_000_000,
  messageBytes: 65_536,
  firstMessageMs: 10_000,
  failures: 3,
  pingMs: 30_000,
  silenceMs: 60_000,
  userRate: 20,
  agentRate: 200,
  queuedBytes: 1_048_576,
  sockets: 5_000,
  printers: 500,
};
