import type { FromWorker } from '@switchyard/sdk/worker-wire.ts';

type ReportMessage = FromWorker & { m: 'report' };
export type Progress = NonNullable<ReportMessage['progress']>;
export interface Report {
  progress?: Progress;
  phase?: string;
  /** JSON value of at most 64 KiB: kept durably, handed to the next attempt of the task. */
  checkpoint?: unknown;
}

/** A line is looked at up to here; a mark further inside is not one. */
const lineMax = 512;
/** How many look-alikes are tried, from the newest back, per piece of output. */
const tries = 8;

const marks = {
  progress: { open: '::progress ', form: /^::progress +([^\r\n]{1,100}?)::/ },
  phase: { open: '::phase ', form: /^::phase +([^\r\n]{1,200}?)::/ },
} as const;

/**
 * Reads progress out of a task's output: lines that begin with `::progress 0.4::`, `::progress 12/240 frames::` or
 * `::phase text::`, and percentages such as ` 40%` (these only until the first `::progress`). Newest wins, so that only the
 * end of each piece is looked at: a flood costs one search per piece.
 */
export class ProgressScanner {
  #line: Uint8Array = new Uint8Array(0);
  #explicit = false;
  #last = '';

  scan(piece: Uint8Array): Report | null {
    const text = this.#line.length === 0 ? asBuffer(piece) : Buffer.concat([this.#line, piece]);
    this.#line = Uint8Array.prototype.slice.call(unfinished(text));
    const report = this.#find(text);
    if (report === null) return null;
    const seen = JSON.stringify(report);
    if (seen === this.#last) return null;
    this.#last = seen;
    return report;
  }

  #find(text: Buffer): Report | null {
    const report: Report = {};
    const said = lastMark(text, 'progress', parseProgress);
    if (said !== null) this.#explicit = true;
    const progress = said ?? (this.#explicit ? null : lastPercent(text));
    if (progress !== null) report.progress = progress;
    const phase = lastMark(text, 'phase', (words) => words.trim() || null);
    if (phase !== null) report.phase = phase;
    return progress === null && phase === null ? null : report;
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function unfinished(text: Buffer): Buffer {
  const end = Math.max(text.lastIndexOf(10), text.lastIndexOf(13));
  return text.subarray(Math.max(end + 1, text.length - lineMax));
}

function lastMark<T>(text: Buffer, name: keyof typeof marks, parse: (words: string) => T | null): T | null {
  const { open, form } = marks[name];
  let at = text.length;
  for (let turn = 0; turn < tries && at > 0; turn += 1) {
    at = text.lastIndexOf(open, at - 1);
    if (at < 0) return null;
    const before = at === 0 ? 10 : text[at - 1];
    if (before !== 10 && before !== 13) continue;
    const words = form.exec(text.toString('utf8', at, at + lineMax))?.[1];
    const value = words === undefined ? null : parse(words);
    if (value !== null) return value;
  }
  return null;
}

const fraction = /^(\d+(?:\.\d+)?)\s*(?:\/\s*(\d+(?:\.\d+)?)\s*(.{0,50}))?$/;
const percentage = /^(\d{1,3}(?:\.\d+)?)\s*%$/;

function parseProgress(words: string): Progress | null {
  const text = words.trim();
  const percent = percentage.exec(text);
  if (percent !== null) return percentOf(Number(percent[1]));
  const parts = fraction.exec(text);
  if (parts === null) return null;
  const done = Number(parts[1]);
  if (parts[2] !== undefined) return { done, total: Number(parts[2]), unit: parts[3]?.trim() || null };
  return { done, total: done <= 1 ? 1 : null, unit: null };
}

const percentOf = (done: number): Progress | null => (done <= 100 ? { done, total: 100, unit: '%' } : null);
const percentEnd = /(?:^|[\s([{|=:,])(\d{1,3}(?:\.\d{1,6})?) ?%$/;

function lastPercent(text: Buffer): Progress | null {
  let at = text.length;
  for (let turn = 0; turn < tries && at > 0; turn += 1) {
    at = text.lastIndexOf(37, at - 1);
    if (at < 0) return null;
    const number = percentEnd.exec(text.toString('latin1', Math.max(0, at - 16), at + 1))?.[1];
    const progress = number === undefined ? null : percentOf(Number(number));
    if (progress !== null) return progress;
  }
  return null;
}
