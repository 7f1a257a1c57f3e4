import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { oxdnaFiles } from '@switchyard/sdk/oxdna.ts';

/** The engine reads words of these files into buffers of 256 or 512 bytes, however long they are. */
const lineMost = 200;
/** Lists of particles may be long: they are read as numbers. */
const numbers = /^[\s\w]{0,60}=[\d\s,;.+-]*$/;

/** What the engine must not be given in its topology or its forces: one sentence, or null. */
export async function inputFilesTrouble(folder: string): Promise<string | null> {
  const topology = join(folder, oxdnaFiles.topology);
  // Sequences of the newer form are as long as their strand, and read safely.
  if (!(await isNewForm(topology)) && (await hasLongLine(topology))) {
    return `the topology has a line of more than ${lineMost} characters`;
  }
  const forces = join(folder, oxdnaFiles.forces);
  return (await hasLongLine(forces)) ? `the forces have a line of more than ${lineMost} characters` : null;
}

async function isNewForm(topology: string): Promise<boolean> {
  const file = await open(topology);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(lineMost), 0, lineMost, 0);
    return /^\s*\d+\s+\d+\s+5->3\s*\n/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

async function hasLongLine(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    for await (const line of file.readLines({ encoding: 'latin1' })) {
      if (line.length > lineMost && !numbers.test(line)) return true;
    }
    return false;
  } finally {
    await file.close();
  }
}
