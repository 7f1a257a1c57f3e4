import type { KeptFileView } from '../kept-file.ts';
import type { BlobView } from '../system.ts';
import type { Http, Uploadable } from './http.ts';
import { queryString } from './query-string.ts';
import { bodyOf } from './tasks.ts';

export interface FilesClient {
  /** Stores bytes under their SHA-256; the same bytes again are the same blob. */
  upload(bytes: Uploadable, options?: { signal?: AbortSignal }): Promise<BlobView>;
  download(blob: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
  /** Keeps a file under a name, for its owner to find again. */
  keep(name: string, bytes: Uploadable, options?: { signal?: AbortSignal }): Promise<KeptFileView>;
  /** Newest first. */
  kept(): Promise<readonly KeptFileView[]>;
  showKept(id: string): Promise<KeptFileView>;
  downloadKept(id: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
  /** Hidden at once; jobs that need its bytes keep them. */
  removeKept(id: string): Promise<void>;
}

export function filesClient(http: Http): FilesClient {
  return {
    upload: (body, options = {}) => http.json('/v1/blobs', { method: 'POST', body, signal: options.signal }),
    download: async (blob, options = {}) => bodyOf(await http.raw(`/v1/blobs/${blob}`, { signal: options.signal })),
    keep: (name, body, options = {}) =>
      http.json(`/v1/files${queryString({ name })}`, { method: 'POST', body, signal: options.signal }),
    kept: async () => (await http.json<{ files: KeptFileView[] }>('/v1/files')).files,
    showKept: (id) => http.json(`/v1/files/${encodeURIComponent(id)}`),
    downloadKept: async (id, options = {}) =>
      bodyOf(await http.raw(`/v1/files/${encodeURIComponent(id)}/content`, { signal: options.signal })),
    removeKept: async (id) => {
      await http.raw(`/v1/files/${encodeURIComponent(id)}`, { method: 'DELETE' });
    },
  };
}
