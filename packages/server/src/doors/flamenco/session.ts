import type { WorkerMode } from '../../domain/worker.ts';
import type { Desk } from './desk.ts';
import type { KnownWorker } from './known-worker.ts';

export interface SignOnChanges {
  readonly name: string | null;
  readonly kinds: readonly string[] | null;
  readonly info: Readonly<Record<string, unknown>> | null;
}

const unchanged: SignOnChanges = { name: null, kinds: null, info: null };

/**
 * A new session. What it held stays with it: rows of its queue may still tell how that ended (flamenco §7.8). `mode: null`: it
 * has not said what it is ready for. False: the store refused.
 */
export async function begin(desk: Desk, worker: KnownWorker, mode: WorkerMode | null, changes = unchanged): Promise<boolean> {
  const { engine, log } = desk;
  const input = { worker: worker.id, ...changes, tags: null, total: null, keepTasks: true, mode };
  const signedOn = await engine.command(worker.principal, 'signOn', input);
  if (signedOn.refusal !== undefined) {
    log.warn({ worker: worker.id, code: signedOn.refusal.code }, 'flamenco:sign-on-failed');
    return false;
  }
  const { session } = signedOn.value;
  worker.session = session;
  worker.met = true;
  worker.timedOut = false;
  worker.name = changes.name ?? worker.name;
  worker.kinds = changes.kinds ?? worker.kinds;
  worker.handle = engine.sessions.attach(worker.principal, worker.id, session, {
    // It asks for everything by itself; a session that is over begins anew with its next word.
    tell: ({ tell }) => {
      if (tell === 'close' && worker.session === session) forgetSession(worker, true);
    },
    push: null,
  });
  return true;
}

/** Makes sure that the worker has a session: one whose time ran out comes back with its next word (flamenco §9.27). */
export async function ensure(desk: Desk, worker: KnownWorker, mode: WorkerMode | null): Promise<boolean> {
  if (worker.handle !== null) return true;
  worker.joining ??= begin(desk, worker, mode).finally(() => {
    worker.joining = null;
  });
  return worker.joining;
}

/** It says good-bye: its tasks go back unharmed. */
export async function end(desk: Desk, worker: KnownWorker): Promise<void> {
  // A session that was being begun must not stay behind.
  await worker.joining;
  const { handle, session } = worker;
  if (handle === null) {
    const row = await desk.engine.query.worker(worker.principal, worker.id);
    if (row.value === undefined || row.value.status === 'offline') return;
    const input = { worker: worker.id, session: row.value.session, giveBack: true };
    await desk.engine.command(worker.principal, 'signOff', input);
    return;
  }
  forgetSession(worker, false);
  await handle.bye({ giveBack: true });
  desk.log.info({ worker: worker.id, session }, 'flamenco:signed-off');
}

function forgetSession(worker: KnownWorker, timedOut: boolean): void {
  worker.session = 0;
  worker.handle = null;
  worker.timedOut = timedOut;
  worker.fresh = false;
}

/** What the worker has become, or a sign of life only (`null`). False: its session is over. */
export async function became(desk: Desk, worker: KnownWorker, mode: WorkerMode): Promise<boolean> {
  const { id, session, principal } = worker;
  const input = { worker: id, session, reported: null, total: null, info: null, mode, seenAt: desk.clock.now() };
  const said = await desk.engine.command(principal, 'refresh', input);
  return said.refusal === undefined;
}
