/** One line of the firmware, understood (printerlynx §6.1). */
export type Reply =
  | { readonly is: 'start' }
  /** `number`: of ADVANCED_OK. `temperatures`: it is the answer to M105. */
  | { readonly is: 'ok'; readonly number: number | null; readonly temperatures: boolean }
  | { readonly is: 'resend'; readonly number: number }
  | { readonly is: 'busy'; readonly why: string }
  | { readonly is: 'wait' }
  | { readonly is: 'temperatures' }
  | { readonly is: 'position'; readonly position: Position }
  | { readonly is: 'capability'; readonly name: string; readonly able: boolean }
  | { readonly is: 'firmware'; readonly name: string }
  | { readonly is: 'action'; readonly name: string }
  /** It will do nothing more until it is reset. */
  | { readonly is: 'halted'; readonly text: string }
  | { readonly is: 'error'; readonly text: string }
  | { readonly is: 'text' };

/** Millimetres. */
export interface Position {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly e: number;
}

const text: Reply = { is: 'text' };

export function readReply(line: string): Reply {
  if (/^ok\b/.test(line)) return readOk(line);
  if (/^\s*(?:T\d?|B):/.test(line)) return { is: 'temperatures' };
  const busy = /^echo:\s*busy:\s*(.*)/i.exec(line);
  if (busy !== null) return { is: 'busy', why: busy[1] ?? '' };
  const resend = /^(?:resend\s*:?|rs)\s*N?:?\s*(\d{1,15})/i.exec(line);
  if (resend !== null) return { is: 'resend', number: Number(resend[1]) };
  if (line === 'wait') return { is: 'wait' };
  // The first bytes after a reset are often noise.
  if (/^[^\x20-\x7e]*start$/.test(line)) return { is: 'start' };
  if (/^Error:/i.test(line)) return readError(line.slice('Error:'.length).trim());
  return readRest(line);
}

function readOk(line: string): Reply {
  const number = /^ok\s+N(\d{1,15})\b/.exec(line);
  return { is: 'ok', number: number === null ? null : Number(number[1]), temperatures: /^ok\s+(?:T\d?|B):/.test(line) };
}

const halts = /printer halted|kill\(\)|thermal runaway|maxtemp|mintemp|heating failed|stopped due to errors|system stopped/i;

function readError(why: string): Reply {
  return halts.test(why) ? { is: 'halted', text: why } : { is: 'error', text: why };
}

function readRest(line: string): Reply {
  const action = /^\/\/\s*action:(\w+)/.exec(line);
  if (action !== null) return { is: 'action', name: action[1] ?? '' };
  const capability = /^Cap:(\w+):([01])/.exec(line);
  if (capability !== null) return { is: 'capability', name: capability[1] ?? '', able: capability[2] === '1' };
  const firmware = /^FIRMWARE_NAME:(.*?)(?:\s+[A-Z_]+:|$)/.exec(line);
  if (firmware !== null) return { is: 'firmware', name: (firmware[1] ?? '').trim() };
  const position = /^X:\s*(-?[\d.]+)\s*Y:\s*(-?[\d.]+)\s*Z:\s*(-?[\d.]+)\s*E:\s*(-?[\d.]+)/.exec(line);
  if (position === null) return text;
  const [x = 0, y = 0, z = 0, e = 0] = position.slice(1).map(Number);
  return { is: 'position', position: { x, y, z, e } };
}
