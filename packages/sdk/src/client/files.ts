import type { BlobView } from '../system.ts';
import type { Http, Uploadable } from './http.ts';
import { bodyOf } from './tasks.ts';

export interface FilesClient {
  /** Stores bytes under their SHA-256; the same bytes again are the same blob. */
  upload(bytes: Uploadable, options?: { signal?: AbortSignal }): Promise<BlobView>;
  download(blob: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
}

export function filesClient(http: Http): FilesClient {
  return {
    upload: (body, options = {}) => http.json('/v1/blobs', { method: 'POST', body, signal: options.signal }),
    download: async (blob, options = {}) => bodyOf(await http.raw(`/v1/blobs/${blob}`, { signal: options.signal })),
  };
}
