import type { ToClient, ToWorker } from './messages.ts';

/** One message as it goes over the wire: nothing before it, nothing after it (kueue §1, Whitespace). */
export function encode(message: ToClient | ToWorker): string {
  // `JSON.stringify` escapes a lone surrogate instead of mending it, and peers reject that escape: texts are made well-formed
  // where they come in (`translate.ts`).
  return message.body === null ? `"${message.name}"` : `{"${message.name}":${JSON.stringify(message.body)}}`;
}
