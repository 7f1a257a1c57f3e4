/** The part of `yauzl` that `unzip.ts` uses; the package brings no types. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream';

  interface Entry {
    readonly fileName: string;
  }
  interface ZipFile {
    on(event: 'error', call: (error: Error) => void): void;
    on(event: 'end', call: () => void): void;
    on(event: 'entry', call: (entry: Entry) => void): void;
    readEntry(): void;
    openReadStream(entry: Entry, call: (error: Error | null, stream: Readable) => void): void;
  }
  export function fromBuffer(
    bytes: Buffer,
    options: { readonly lazyEntries: true },
    call: (error: Error | null, zip: ZipFile) => void,
  ): void;
}
