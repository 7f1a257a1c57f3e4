import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { limits } from './limits.ts';

/** What Linux tells of processes (`/proc`). Elsewhere everything here answers "unknown". */
export const hasProc = process.platform === 'linux' && existsSync('/proc/self/stat');

export interface ProcStat {
  /** One letter: R, S, T (stopped), Z … */
  readonly state: string;
  readonly dead: boolean;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the machine started, as text. */
  readonly start: string;
}

const scratch = Buffer.allocUnsafe(65_536);

/** The file's bytes in a buffer that the next call uses again, or null where there is no such process (or it is not ours to see). */
function readProc(path: string, certain = false): Buffer | null {
  // A missing file costs less asked for than thrown about.
  if (!certain && !existsSync(path)) return null;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const first = readSync(file, scratch, 0, scratch.length, null);
    return first < scratch.length ? scratch.subarray(0, first) : readRest(file, Buffer.from(scratch));
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function readRest(file: number, begun: Buffer): Buffer {
  const parts = [begun];
  for (let total = begun.length; total < limits.environBytes; ) {
    const read = readSync(file, scratch, 0, scratch.length, null);
    if (read === 0) break;
    parts.push(Buffer.from(scratch.subarray(0, read)));
    total += read;
  }
  return Buffer.concat(parts);
}

export function procStat(pid: number): ProcStat | null {
  const text = readProc(`/proc/${pid}/stat`)?.toString('latin1');
  if (text === undefined) return null;
  // The name in parentheses may hold anything: the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group, session] = fields;
  const start = fields[19];
  if (start === undefined) return null;
  return {
    state,
    dead: state === 'Z' || state === 'X',
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    start,
  };
}

export function environHas(pid: number, text: string): boolean {
  return readProc(`/proc/${pid}/environ`, true)?.includes(text, 0, 'latin1') ?? false;
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => name.charCodeAt(0) >= 48 && name.charCodeAt(0) <= 57)
    .map(Number);
}

/** The process id that was given out last. */
export function lastPid(): number | null {
  const text = readProc('/proc/loadavg', true)?.toString('latin1');
  const last = Number(text?.trim().split(' ').at(-1));
  return Number.isInteger(last) && last > 0 ? last : null;
}

let boot: string | null = null;

/** Names one process for all time: its start, with the machine's own start. Null where that is unknown or it is gone. */
export function startMark(pid: number): string | null {
  if (!hasProc) return startByPs(pid);
  const stat = procStat(pid);
  if (stat === null || stat.dead) return null;
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return `${boot}:${stat.start}`;
}

function startByPs(pid: number): string | null {
  if (process.platform === 'win32') return null;
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'latin1',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || null
    );
  } catch {
    return null;
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
