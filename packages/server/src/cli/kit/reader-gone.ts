let listener: (() => void) | null = null;

/** What to do when the reader of our output has gone (`… | head`). Default: leave quietly. */
export function onReaderGone(call: () => void): void {
  listener = call;
}

/** A closed pipe is the reader's way to say "enough", never a crash. */
export function watchReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (listener === null) process.exit(0);
      listener();
    });
  }
}
