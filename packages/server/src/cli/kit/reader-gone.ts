let listener: (() => void) | null = null;
let beside = false;

/** What to do when the reader of our output has gone (`… | head`). Default: leave quietly. */
export function onReaderGone(call: () => void): void {
  listener = call;
}

/** For commands whose output is not what they are for (`serve`, `worker`): a log that cannot be written does not end them. */
export function outputIsBeside(): void {
  beside = true;
}

/** A closed pipe is the reader's way to say "enough", never a crash. */
export function watchReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (beside) return;
      if (error.code !== 'EPIPE') throw error;
      if (listener === null) process.exit(0);
      listener();
    });
  }
}
