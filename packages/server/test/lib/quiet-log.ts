import pino, { type Logger } from 'pino';

export interface LogLine {
  readonly level: number;
  readonly event?: string;
  readonly [field: string]: unknown;
}

/** A log that keeps its lines for the test to look at. */
export function keptLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (text: string) => void lines.push(JSON.parse(text) as LogLine) });
  return { log, lines };
}

export const quietLog: Logger = pino({ level: 'silent' });
