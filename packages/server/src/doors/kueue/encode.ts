import type { ToClient, ToWorker } from './messages.ts';

/** One message as it goes over the wire: nothing before it, nothing after it (kueue §1, Whitespace). */
export function encode(message: ToClient | ToWorker): string {
  // `JSON.stringify` escapes a lone surrogate instead of mending it, and peers reject that escape: texts are made well-formed
  // where they come in (`translate.ts`).
  return message.body === null ? `"${message.name}"` : `{"${message.name}":${JSON.stringify(message.body)}}`;
}

/** `JobList` in pieces: head, the jobs joined by commas, tail. */
export const encodeListHead = '{"JobList":{"job_infos":[';

export function encodeListTail(totals: Readonly<Record<string, number>>): string {
  return `],${JSON.stringify(totals).slice(1)}}`;
}

/** The inside of a JSON string. Pieces of one text may be encoded one by one if none ends in half a character. */
export function encodeInside(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
