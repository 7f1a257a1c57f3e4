import { Readable } from 'node:stream';
import type { Principal } from '../../domain/principal.ts';
import type { LogPlace, TaskLogs } from '../../engine/engine.ts';
import type { Answer } from '../kit/http-row.ts';
import { readWholeLog } from '../kit/log-reader.ts';

const KiB = 1_024;
/** A log shorter than this is shown whole (flamenco §2.3). */
const shortLog = 15 * KiB;
const headBytes = 5 * KiB;
const tailBytes = 10 * KiB;

/** Programs that fetch a log to keep it want all of it. */
const fetchers = /^(Wget|curl)\//;

const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

/** A task's log for people: its beginning and its end; all of it where it is short, or fetched by a program. */
export async function logAnswer(logs: TaskLogs, by: Principal, at: LogPlace, agent: string): Promise<Answer> {
  const { [at.stream]: length } = await logs.lengths(at.task, at.attempt);
  if (length < shortLog || fetchers.test(agent)) {
    return { status: 200, headers, body: Readable.from(readWholeLog(logs, by, at, length), { objectMode: false }) };
  }
  const [head, tail] = await Promise.all([
    bytesOf(logs, by, at, 0, headBytes),
    bytesOf(logs, by, at, length - tailBytes, length),
  ]);
  const line = tail.indexOf(0x0a) + 1;
  const shown = tail.subarray(line);
  const skipped = length - head.length - shown.length;
  const note = Buffer.from(`\n\n… skipped ${skipped} bytes …\n\n`);
  return { status: 200, headers, body: Buffer.concat([head, note, shown]) };
}

async function bytesOf(logs: TaskLogs, by: Principal, at: LogPlace, start: number, end: number): Promise<Buffer> {
  const read = await logs.read(by, at, { start, end });
  return Buffer.concat(read.value?.parts.map(({ bytes }) => bytes) ?? []);
}
