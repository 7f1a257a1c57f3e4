import type { ErrorCode } from '../../domain/errors.ts';

export interface LimitRow {
  readonly default: number;
  readonly unit: 'ms' | 'bytes' | 'count';
  readonly text: string;
  /** What the peer is told; null: the connection is closed without a word, because none would be understood. */
  readonly code: ErrorCode | null;
}

/** Every bound that all doors share. Options, help and docs are made from this table. */
export const kitLimitTable = {
  silentMs: { default: 30_000, unit: 'ms', text: 'a new connection must say something within', code: null },
  handshakeMs: { default: 10_000, unit: 'ms', text: 'a TLS handshake must be complete within', code: null },
  blanks: { default: 64, unit: 'count', text: 'blanks before the first byte that tells the protocol', code: null },
  connections: { default: 20_000, unit: 'count', text: 'connections to the shared port', code: null },
  headerBytes: { default: 16_384, unit: 'bytes', text: 'all headers of a request together', code: 'too_large' },
  headersMs: { default: 60_000, unit: 'ms', text: 'the headers of a request must be complete within', code: 'timeout' },
  keepAliveMs: { default: 70_000, unit: 'ms', text: 'a connection kept open between two requests', code: null },
  bodyIdleMs: { default: 60_000, unit: 'ms', text: 'silence in the middle of a body', code: 'timeout' },
  discardBytes: { default: 4_194_304, unit: 'bytes', text: 'rest of a refused body that is still read', code: null },
  firstMessageMs: { default: 10_000, unit: 'ms', text: 'the first message must be complete within', code: null },
  perAddress: { default: 1_024, unit: 'count', text: 'raw connections from one address', code: null },
  rawConnections: { default: 10_000, unit: 'count', text: 'raw connections of one door', code: null },
  sendBytes: { default: 16_777_216, unit: 'bytes', text: 'waiting to be sent to one peer', code: null },
  goodByeMs: { default: 5_000, unit: 'ms', text: 'what is being sent when a connection is closed may take', code: null },
} as const satisfies Record<string, LimitRow>;

export type KitLimits = Readonly<Record<keyof typeof kitLimitTable, number>>;

export const kitLimits: KitLimits = Object.fromEntries(
  Object.entries(kitLimitTable).map(([name, row]) => [name, row.default]),
) as Record<keyof typeof kitLimitTable, number>;
