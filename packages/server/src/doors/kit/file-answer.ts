import type { Readable } from 'node:stream';
import { failedCondition, httpDate, rangeStands } from './conditions.ts';
import type { Answer, RowRequest } from './http-row.ts';
import { byteRange, contentRange, noRange } from './range.ts';

/** What is sent: bytes that stand still under this version. */
export interface SentFile {
  readonly size: number;
  /** Wall clock, ms. */
  readonly modifiedAt: number;
  readonly version: string;
  /** Inclusive offsets. Null: it went meanwhile. */
  read(range: { readonly start: number; readonly end: number }): Promise<Readable | null>;
}

export interface FileHeaders {
  /** On every answer. */
  readonly always: Readonly<Record<string, string>>;
  /** Only where the file is sent. */
  readonly sent: Readonly<Record<string, string>>;
}

/** Answers a GET or HEAD of a file, with its conditions and one range. Null: the file went meanwhile. */
export async function fileAnswer(
  file: SentFile,
  { headers, head }: Pick<RowRequest, 'headers' | 'head'>,
  { always, sent }: FileHeaders,
): Promise<Answer | null> {
  const { size, modifiedAt } = file;
  const etag = `"${file.version}"`;
  const about = { ...always, etag, 'last-modified': httpDate(modifiedAt), 'accept-ranges': 'bytes' };
  const failed = failedCondition(headers, { etag, modifiedAt });
  if (failed !== null) return { status: failed, headers: about };
  // The first of several ranges is the one that is sent.
  const asked = rangeStands(headers, { etag, modifiedAt }) ? headers.range?.split(',', 1)[0] : undefined;
  const range = byteRange(asked, size);
  if (range === 'unsatisfiable') return { status: 416, headers: { ...about, 'content-range': noRange(size) } };
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const status = range === null ? 200 : 206;
  const part = range === null ? {} : { 'content-range': contentRange(range, size) };
  const full = { ...about, ...sent, 'content-length': String(end - start + 1), ...part };
  if (head || size === 0) return { status, headers: full };
  const body = await file.read({ start, end });
  return body === null ? null : { status, headers: full, body };
}
