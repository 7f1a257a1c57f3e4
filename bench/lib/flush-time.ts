import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { stamp } from './clock.ts';
import { median, percentile } from './figures.ts';
import { tempFolder } from './temp-folder.ts';

export interface FlushTime {
  readonly medianMs: number;
  readonly p99Ms: number;
}

const samples = 300;

/** How long the disk takes to keep 4 KiB: write and `fdatasync`, appended, one after the other. */
export async function flushTime(): Promise<FlushTime> {
  const folder = await tempFolder('flush');
  const file = openSync(join(folder.path, 'flush'), 'w');
  try {
    const block = Buffer.alloc(4_096, 1);
    const times = Array.from({ length: samples }, () => {
      const from = stamp();
      writeSync(file, block);
      fdatasyncSync(file);
      return stamp() - from;
    });
    return { medianMs: median(times), p99Ms: percentile(times, 0.99) };
  } finally {
    closeSync(file);
    await folder.close();
  }
}
