import { recordOf } from './report.ts';

/** One JSON object per text frame (printerlynx §1.3). Both directions. */
export interface Frame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How a user's socket speaks (printerlynx §1.2): found out by its first frame. */
export type Dialect = 'seed' | 'legacy';

export type Read =
  | { readonly is: 'frame'; readonly dialect: Dialect; readonly frame: Frame; readonly body: string }
  /** `type`: what it called itself, as far as that can be told. */
  | { readonly is: 'invalid'; readonly dialect: Dialect; readonly type: string };

const knownTypes = new Set(['authentication', 'print_job', 'printer_command', 'agent_status', 'printer_status']);
export const isKnownType = (type: string): boolean => knownTypes.has(type);

export function readFrame(text: string): Read {
  const value = parse(text);
  if (value === null) return { is: 'invalid', dialect: 'seed', type: 'error' };
  if ('message_type' in value) {
    const { message_type: type, body } = value;
    if (typeof type !== 'string' || typeof body !== 'string') return { is: 'invalid', dialect: 'legacy', type: 'Error' };
    return { is: 'frame', dialect: 'legacy', frame: { type, data: {} }, body };
  }
  const { type, data } = value;
  if (typeof type !== 'string') return { is: 'invalid', dialect: 'seed', type: 'error' };
  const given = data === undefined ? {} : recordOf(data);
  if (given === null) return { is: 'invalid', dialect: 'seed', type };
  return { is: 'frame', dialect: 'seed', frame: { type, data: given }, body: '' };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The same in the front end's own words: `body` is always a string (printerlynx §1.4). */
const legacyTypes: Readonly<Record<string, string>> = { agent_status: 'Agent', printer_status: 'Printer' };

export function frameText(dialect: Dialect, { type, data }: Frame): string {
  if (dialect === 'seed') return JSON.stringify({ type, data });
  return JSON.stringify({ body: JSON.stringify(data), message_type: legacyTypes[type] ?? type });
}

export const legacyText = (type: string, body: string): string => JSON.stringify({ body, message_type: type });

/** A request's id comes back with its answer (printerlynx §3.1). */
export function requestId(data: Readonly<Record<string, unknown>>): { request_id?: string } {
  const id = data['request_id'];
  return typeof id === 'string' && id.length <= 64 ? { request_id: id } : {};
}

/** To what was said beyond the rate (printerlynx §1.3), as the answer that it would have had. */
export function tooManyRequests(text: string | null): Frame {
  const read = text === null ? null : readFrame(text);
  const frame = read?.is === 'frame' && read.dialect === 'seed' ? read.frame : { type: 'error', data: {} };
  return { type: frame.type, data: { status: 'ERROR', message: 'Too many requests', ...requestId(frame.data) } };
}
