import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, normalize, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@switchyard/sdk/client/client.ts';
import type { ArtifactView } from '@switchyard/sdk/task.ts';
import { CliError } from './cli-error.ts';
import { clean } from './output.ts';

/** Writes a file that a task left below the folder, under its own name. */
export async function fetchInto(client: Client, task: number, artifact: ArtifactView, folder: string): Promise<void> {
  const base = resolve(folder);
  const path = resolve(join(base, normalize(artifact.path)));
  // The name comes from another machine: it may not lead out of the folder.
  if (!path.startsWith(base + sep))
    throw new CliError(`The artifact "${clean(artifact.path)}" would leave ${folder}; fetch it with --get`);
  await mkdir(dirname(path), { recursive: true });
  await pipeline(Readable.from(await client.tasks.artifact(task, artifact.path)), createWriteStream(path));
}
