import { stat } from 'node:fs/promises';
import { ArchiveError } from '../../files/archive/archive-error.ts';

/** Files made by another user, root too, would be in the way of the server that owns the folder. */
export async function checkOwner(data: string, me: number | undefined = process.getuid?.()): Promise<void> {
  const { uid } = await stat(data);
  if (me !== undefined && uid !== me) {
    throw new ArchiveError(`${data} belongs to another user: run this as that one (sudo -u \\#${uid} …)`);
  }
}
