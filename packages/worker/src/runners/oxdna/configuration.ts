import { open, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

export interface Configuration {
  /** As its first line says. */
  readonly step: number;
  readonly bytes: Uint8Array;
}

const headMost = 1_024;
const header = /^t\s*=\s*(\d{1,15})[^\n]*\nb\s*=[^\n]*\nE\s*=[^\n]*\n/;

/**
 * A configuration that the engine may be writing just now: it truncates and writes, so that a reader may see an empty file, a
 * part, or the beginning of one with the end of the next (dnaforge §5). Null: not whole. Whole means `particles` + 3 ended
 * lines, columns as in the first particle's, and the same step in the file afterwards.
 */
export async function readConfiguration(path: string, particles: number): Promise<Configuration | null> {
  const bytes = await readFile(path);
  const step = stepOf(bytes);
  if (step === null || !isWhole(bytes, particles)) return null;
  return (await stepIn(path)) === step ? { step, bytes } : null;
}

/** An engine that prints often has its file in pieces much of the time: looked at again so often, so soon. */
const looks = 12;
const looksEveryMs = 4;

/** The same, with patience. */
export async function catchConfiguration(path: string, particles: number): Promise<Configuration | null> {
  for (let look = 1; ; look += 1) {
    const found = await readConfiguration(path, particles);
    if (found !== null || look === looks) return found;
    await pause(looksEveryMs);
  }
}

function stepOf(bytes: Uint8Array): number | null {
  const found = header.exec(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(headMost, bytes.length)).toString('latin1'));
  return found === null ? null : Number(found[1]);
}

async function stepIn(path: string): Promise<number | null> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headMost), 0, headMost, 0);
    return stepOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

const newline = 10;
const headerLines = 3;

function isWhole(bytes: Uint8Array, particles: number): boolean {
  if (bytes.at(-1) !== newline) return false;
  let lines = 0;
  let columns = 0;
  let expected = 0;
  let inWord = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > 32) {
      if (!inWord) columns += 1;
      inWord = true;
      continue;
    }
    inWord = false;
    if (byte !== newline) continue;
    lines += 1;
    if (lines === headerLines + 1) expected = columns;
    if (lines > headerLines && columns !== expected) return false;
    columns = 0;
  }
  return lines === particles + headerLines && expected >= 9;
}

/** How many nucleotides a topology has: the first number, in both formats. Null: it does not say. */
export async function particlesIn(topology: string): Promise<number | null> {
  const file = await open(topology);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headMost), 0, headMost, 0);
    const count = Number(/^\s*(\d{1,9})\s/.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? 0);
    return count > 0 ? count : null;
  } finally {
    await file.close();
  }
}
