import { recordOf } from './report.ts';

/** One JSON object per text frame (printerlynx §1.3). Both directions. */
export interface Frame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How a user's socket speaks (printerlynx §1.2): found out by its first frame. */
export type Dialect = 'seed' | 'legacy';

export type Read =
  | { readonly is: 'frame'; readonly dialect: Dialect; readonly frame: Frame; readonly body: unknown }
  /** `type`: what it called itself, as far as that can be told. */
  | { readonly is: 'invalid'; readonly type: string };

export function readFrame(text: string): Read {
  const value = parse(text);
  if (value === null) return { is: 'invalid', type: 'error' };
  const legacy = value['message_type'];
  if (typeof legacy === 'string') {
    return { is: 'frame', dialect: 'legacy', frame: { type: legacy, data: {} }, body: value['body'] };
  }
  const { type, data } = value;
  if (typeof type !== 'string') return { is: 'invalid', type: 'error' };
  const given = data === undefined ? {} : recordOf(data);
  if (given === null) return { is: 'invalid', type };
  return { is: 'frame', dialect: 'seed', frame: { type, data: given }, body: null };
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
