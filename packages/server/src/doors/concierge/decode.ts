import { compileCheck, type Fault } from '@switchyard/sdk/check.ts';
import { text } from './limits.ts';
import { type Inbound, type InboundType, inbound, typeAliases } from './messages.ts';

/** A text frame's outside: a JSON object with a string `type`. */
export interface Payload {
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Null, or why the frame is none: words without quotes or backslashes, which strict clients cannot borrow (concierge §3.1). */
export function readPayload(frame: string): Payload | string {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const fields = value as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(fields, 'type')) return 'missing field: type';
  if (typeof fields.type !== 'string') return 'type must be string';
  return { type: fields.type, fields };
}

const checks = new Map(Object.entries(inbound).map(([name, schema]) => [name, compileCheck(schema)]));

/** The message of this payload; `unsupported`: no such type; else words for `ERROR_PROTOCOL`. */
export function readMessage({ type, fields }: Payload): Inbound | 'unsupported' | { readonly wrong: string } {
  const name = typeAliases.get(type) ?? type;
  const check = checks.get(name);
  if (check === undefined) return 'unsupported';
  const value = withOldNames(name as InboundType, fields);
  const fault = check(value);
  if (fault !== null) return { wrong: faultText(fault) };
  const service = serviceOf(value);
  if (service !== null && !serviceNameFits(service)) return { wrong: `service must be 1 to ${text.serviceBytes} bytes of text` };
  return value as unknown as Inbound;
}

/** `name` stood for `service` once (concierge §3.6). What needs no change is not copied: MESSAGE is said often. */
function withOldNames(type: InboundType, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (type === 'MESSAGE') {
    const target = fields.target as Readonly<Record<string, unknown>> | null | undefined;
    const old = typeof target === 'object' && target !== null && String(target.type).startsWith('SERVICE') && isOld(target);
    return old ? { ...fields, target: { ...target, service: target.name } } : fields;
  }
  const named = type.startsWith('SERVICE_') || type.endsWith('SUBSCRIBE');
  if (!named || (type === fields.type && !isOld(fields))) return fields;
  return { ...fields, type, ...(isOld(fields) ? { service: fields.name } : {}) };
}

const isOld = (fields: Readonly<Record<string, unknown>>): boolean => fields.service === undefined && fields.name !== undefined;

function serviceOf(value: Readonly<Record<string, unknown>>): string | null {
  const { service, target } = value as { service?: unknown; target?: { service?: unknown } };
  const found = service ?? target?.service;
  return typeof found === 'string' ? found : null;
}

/** What a service may be called: 1 to 256 bytes, no half characters. */
export function serviceNameFits(name: string): boolean {
  return name.isWellFormed() && Buffer.byteLength(name) <= text.serviceBytes;
}

export function faultText({ at, text }: Fault): string {
  const place = at.slice(1).replaceAll('/', '.');
  return (text === 'is missing' ? `missing field: ${place}` : `${place} ${text}`).replaceAll(/["\\\p{Cc}]/gu, "'");
}
