import { compileCheck } from '@switchyard/sdk/check.ts';
import Type from 'typebox';

/** What the server may say (printerlynx §1.5, §3.3). Keys that we do not know are a newer server's. */
const Uuid = Type.String({ pattern: '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' });
const Request = Type.Optional(Type.String({ maxLength: 64 }));
const word = <T extends string>(text: T) => Type.Literal(text);

const Job = { request_id: Request, job_uuid: Uuid, printer_uuid: Uuid };

const Start = Type.Object({
  ...Job,
  print_file_uuid: Uuid,
  name: Type.String({ maxLength: 1_024 }),
  size: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  checksum: Type.String({ pattern: '^[0-9A-Fa-f]{64}$' }),
  download_path: Type.String({ pattern: '^/', maxLength: 2_048 }),
});

const Steer = Type.Object({
  ...Job,
  type: Type.Union([word('PAUSE'), word('RESUME'), word('CANCEL')]),
  print_file_uuid: Type.Optional(Uuid),
});

const Command = Type.Object({
  request_id: Request,
  printer_uuid: Uuid,
  command: Type.String({ maxLength: 4_096 }),
  /** Additive: who asks; without it a user. */
  role: Type.Optional(Type.Union([word('user'), word('admin')])),
});

const Verdict = Type.Object({
  status: Type.String({ maxLength: 64 }),
  message: Type.Optional(Type.String({ maxLength: 1_024 })),
  printer_uuid: Type.Optional(Uuid),
});

export type StartMessage = Type.Static<typeof Start>;
export type SteerMessage = Type.Static<typeof Steer>;
export type CommandMessage = Type.Static<typeof Command>;
export type VerdictMessage = Type.Static<typeof Verdict>;

export type FromServer =
  | { readonly is: 'authentication' | 'refusal'; readonly data: VerdictMessage }
  | { readonly is: 'start'; readonly data: StartMessage }
  | { readonly is: 'steer'; readonly data: SteerMessage }
  | { readonly is: 'command'; readonly data: CommandMessage }
  | { readonly is: 'unknown' }
  /** `field`: what is wrong; `request`: whom to answer. */
  | { readonly is: 'malformed'; readonly type: string; readonly message: string; readonly request: string | null };

const checks = {
  start: compileCheck(Start),
  steer: compileCheck(Steer),
  command: compileCheck(Command),
  verdict: compileCheck(Verdict),
};

/** One text frame, understood. */
export function readMessage(text: string): FromServer {
  const frame = parse(text);
  const type = frame?.type;
  if (typeof type !== 'string') return { is: 'malformed', type: 'error', message: 'Invalid message', request: null };
  const data = isRecord(frame?.data) ? frame.data : {};
  switch (type) {
    case 'authentication':
      return checks.verdict(data) === null ? { is: 'authentication', data: data as VerdictMessage } : { is: 'unknown' };
    case 'printer_status':
    case 'error':
      return checks.verdict(data) === null ? { is: 'refusal', data: data as VerdictMessage } : { is: 'unknown' };
    case 'print_job':
      return readJob(data);
    case 'printer_command':
      return checked('printer_command', data, checks.command, () => ({ is: 'command', data: lowered(data) as CommandMessage }));
    default:
      return { is: 'unknown' };
  }
}

function readJob(data: Record<string, unknown>): FromServer {
  const word = typeof data.type === 'string' ? data.type : '';
  if (word === 'START')
    return checked('print_job', data, checks.start, () => ({ is: 'start', data: lowered(data) as StartMessage }));
  if (word !== '' && !['PAUSE', 'RESUME', 'CANCEL'].includes(word)) return wrong('print_job', data, 'Unknown print job type');
  return checked('print_job', data, checks.steer, () => ({ is: 'steer', data: lowered(data) as SteerMessage }));
}

function checked(
  type: string,
  data: Record<string, unknown>,
  check: ReturnType<typeof compileCheck>,
  good: () => FromServer,
): FromServer {
  const fault = check(data);
  return fault === null ? good() : wrong(type, data, `Invalid message: ${fault.at.split('/')[1] ?? type}`);
}

function wrong(type: string, { request_id }: Record<string, unknown>, message: string): FromServer {
  const request = typeof request_id === 'string' && request_id.length <= 64 ? request_id : null;
  return { is: 'malformed', type, message, request };
}

/** Ids may come in upper case (printerlynx §4). */
function lowered(data: Record<string, unknown>): Record<string, unknown> {
  const ids = ['job_uuid', 'printer_uuid', 'print_file_uuid', 'checksum'];
  const lower = ([key, value]: [string, unknown]) => [
    key,
    ids.includes(key) && typeof value === 'string' ? value.toLowerCase() : value,
  ];
  return Object.fromEntries(Object.entries(data).map(lower));
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What we say (printerlynx §3.4). */
export interface ToServer {
  readonly type: 'print_job' | 'printer_command' | 'printer_status' | 'error';
  readonly data: Readonly<Record<string, unknown>>;
}
