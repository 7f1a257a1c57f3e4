import pino, { type Logger } from 'pino';
import type { Settings } from '../config/options.ts';

/** JSON lines on standard error; standard output belongs to what the start prints. */
export function serverLog(level: Settings['log-level']): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
}
