import pino, { type DestinationStream, type Level, type Logger } from 'pino';

/** Fields that are never written, wherever they stand: a slip of the pen must not put a secret into a log. */
const secret = ['token', 'secret', 'password', 'authorization', 'cookie', 'key', 'checkpoint', 'env'];

/** JSON lines, one per event, with fields. Default destination: standard error; standard output belongs to the start text. */
export function createLog(level: Level | 'silent', to: DestinationStream = standardError()): Logger {
  const paths = secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const redact = { paths, censor: '[not logged]' };
  return pino({ level, base: null, redact, timestamp: pino.stdTimeFunctions.isoTime }, to);
}

/** Lines that wait because they cannot be written are kept up to this size, then left out. */
const mostWaiting = 1_048_576;

/** A log that cannot be written (a full disk, a reader that went away) must not end the server. */
function standardError(): DestinationStream {
  const to = pino.destination({ dest: 2, sync: true, maxLength: mostWaiting });
  to.on('error', () => {});
  return to;
}
