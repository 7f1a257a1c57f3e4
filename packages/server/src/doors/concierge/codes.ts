/** Why a connection is closed (concierge §2). Reasons of at most 123 bytes. */
export const closeCodes = {
  goingAway: { code: 1001, reason: 'The server is stopping' },
  unknown: { code: 4000, reason: 'Unknown reason' },
  fatalDecode: { code: 4002, reason: 'The identification cannot be read' },
  noAuth: { code: 4003, reason: 'No identification payload sent' },
  authFailed: { code: 4004, reason: 'Authorization failed' },
  duplicateAuth: { code: 4005, reason: 'Duplicate name in namespace' },
  badSecret: { code: 4006, reason: 'Secret mismatch' },
  badVersion: { code: 4007, reason: 'Version mismatch' },
  badAuth: { code: 4008, reason: 'Name must be alphanumeric' },
  heartbeatFailed: { code: 4009, reason: 'Heartbeat failed' },
  slowConsumer: { code: 4010, reason: 'Too much waits to be read' },
  flood: { code: 4011, reason: 'Too much at once' },
  removed: { code: 4012, reason: 'Removed by an operator' },
} as const satisfies Readonly<Record<string, Close>>;

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Of a close frame's reason, in bytes (RFC 6455 §5.5). */
const reasonBytes = 123;

/** The same code with words of its own. */
export function because({ code }: Close, reason: string): Close {
  return {
    code,
    reason: Buffer.from(reason)
      .subarray(0, reasonBytes)
      .toString()
      .replace(/\uFFFD$/, ''),
  };
}
