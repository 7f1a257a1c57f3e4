import type { LogFiles } from '../../../src/ports/files.ts';
import type { Store } from '../../../src/ports/store.ts';

/** Calls of all stores and log files of this process: under way, and ever begun. */
let running = 0;
let begun = 0;

async function count<T>(call: () => Promise<T>): Promise<T> {
  running += 1;
  begun += 1;
  try {
    return await call();
  } finally {
    running -= 1;
  }
}

/** The same store, with its calls counted for `settle`. */
export function counted(store: Store): Store {
  return { ...store, run: (commands, lane) => count(() => store.run(commands, lane)) };
}

/** The same files, with their slow calls counted for `settle`. */
export function countedFiles(files: LogFiles): LogFiles {
  return {
    cap: files.cap,
    write: (at, offset, bytes) => count(() => files.write(at, offset, bytes)),
    read: (at, length, start, end) => count(() => files.read(at, length, start, end)),
    drop: (task) => count(() => files.drop(task)),
    excess: (before, most) => count(() => files.excess(before, most)),
    close: () => files.close(),
  };
}

/** From a commit over the wake-up and the dispatcher to the next command it takes three turns at most. */
const quietTurns = 5;

/** Until nothing moves any more: what is under way is committed, answered, delivered, and nothing new came of it. No time passes. */
export async function settle(): Promise<void> {
  for (let quiet = 0, seen = begun; quiet < quietTurns; ) {
    await new Promise((resolve) => setImmediate(resolve));
    quiet = running === 0 && begun === seen ? quiet + 1 : 0;
    seen = begun;
  }
}
