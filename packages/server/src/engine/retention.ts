import type { JobState } from '../domain/job.ts';
import { system } from '../domain/principal.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Blobs } from '../ports/files.ts';
import type { Store } from '../ports/store.ts';
import type { Engine } from './engine.ts';

/** How long things are kept, ms. */
export interface RetentionRules {
  readonly changesMs: number;
  readonly changesCount: number;
  readonly auditMs: number;
  readonly idempotencyMs: number;
  /** Ended jobs of any kind; 0: for ever. */
  readonly jobsMs: number;
  /** Files that nothing refers to. */
  readonly filesMs: number;
}

const everyMs = 3_600_000;
/** After the start: first things first. */
const firstMs = 60_000;
const ended: readonly JobState[] = ['succeeded', 'failed', 'canceled'];

/** The hourly tidying: old changes, trails and keys, ended jobs by age, files without a job. Safe if two servers do it. */
export function startRetention(deps: {
  readonly store: Store;
  readonly engine: Engine;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly rules: RetentionRules;
  failed(cause: unknown): void;
}): { tidy(): Promise<void>; close(): Promise<void> } {
  const { store, engine, blobs, clock, rules } = deps;
  let closed = false;
  let timer: Timer = clock.after(firstMs, () => void tick());
  let working: Promise<void> = Promise.resolve();

  async function trim(what: 'changes' | 'audit' | 'idempotent', ms: number, keep: number | null): Promise<void> {
    for (let more = !closed; more && !closed; ) {
      more = (await store.trim({ what, olderThan: clock.now() - ms, keep })).more;
    }
  }

  async function tidy(): Promise<void> {
    await trim('changes', rules.changesMs, rules.changesCount);
    await trim('audit', rules.auditMs, null);
    await trim('idempotent', rules.idempotencyMs, null);
    for (let more = rules.jobsMs > 0; more && !closed; ) {
      const rule = { states: ended, kinds: null, oneTask: false, endedBefore: clock.now() - rules.jobsMs, limit: 200 };
      more = (await engine.command(system, 'clean', rule)).value?.more ?? false;
    }
    if (!closed) await blobs.sweep(await store.query.blobsInUse(), rules.filesMs);
  }

  function tick(): Promise<void> {
    working = tidy()
      .catch(deps.failed)
      .then(() => {
        if (!closed) timer = clock.after(everyMs, () => void tick());
      });
    return working;
  }

  return {
    tidy,
    async close() {
      closed = true;
      timer.cancel();
      await working;
    },
  };
}
