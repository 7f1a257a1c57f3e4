import { open } from 'node:fs/promises';
import { type GcodeFacts, gcodeEnds, readGcodeFacts } from '@switchyard/sdk/gcode.ts';

/** What the file says about itself: only its two ends are read. */
export async function factsOf(path: string): Promise<GcodeFacts> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await piece(0, Math.min(size, gcodeEnds.head));
    const tail = await piece(Math.max(0, size - gcodeEnds.tail), Math.min(size, gcodeEnds.tail));
    return readGcodeFacts(head, tail);
  } finally {
    await file.close();
  }

  async function piece(from: number, length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  }
}

/** Seconds left of a print: what the file itself said on its way (M73) counts most, then the slicer's estimate, then the pace so far. */
export function remainingOf(about: {
  share: number;
  elapsedS: number;
  minutesLeft: number | null;
  estimateS: number | null;
}): number | null {
  const { share, elapsedS, minutesLeft, estimateS } = about;
  if (minutesLeft !== null) return minutesLeft * 60;
  if (estimateS !== null) return Math.round(estimateS * (1 - share));
  return share > 0.02 ? Math.round((elapsedS * (1 - share)) / share) : null;
}
