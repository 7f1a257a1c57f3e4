import type { Call, Outcome } from './calls.ts';
import type { Core } from './core.ts';
import type { Connection } from './database.ts';

/** What carries batches out, in this thread or another. */
export interface Carrier {
  execute(calls: readonly Call[]): Promise<readonly Outcome[]>;
  close(): Promise<void>;
}

export function inlineCarrier(core: Core, connection: Connection): Carrier {
  return {
    execute: async (calls) => core.execute(calls),
    close: async () => connection.close(),
  };
}
