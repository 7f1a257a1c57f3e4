import { refuse } from '../domain/errors.ts';
import { may } from '../domain/principal.ts';
import type { Blobs } from '../ports/files.ts';
import type { TaskFiles } from './engine.ts';

/** Inputs and artifacts: blobs behind the rights. */
export function createFiles(blobs: Blobs): TaskFiles {
  return {
    async write(by, bytes, limit) {
      if (!may(by, 'file:write')) return refuse('forbidden', `${by.name} lacks the right file:write`);
      const written = await blobs.write(bytes, limit);
      if ('refused' in written) return refuse(written.refused === 'too_large' ? 'too_large' : 'storage', written.detail);
      return { value: written };
    },
    async read(by, blob, range) {
      if (!may(by, 'file:read')) return refuse('forbidden', `${by.name} lacks the right file:read`);
      const found = await blobs.read(blob, range);
      return found === null ? refuse('not_found', `There is no file ${blob}`) : { value: found };
    },
  };
}
