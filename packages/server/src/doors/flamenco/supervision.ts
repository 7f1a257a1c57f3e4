import type { Desk } from './desk.ts';
import type { Holding, KnownWorker } from './known-worker.ts';
import { lookup } from './principals.ts';

export const unsupervisedText =
  'unsupervised: it does not ask whether its task may go on, so it cannot be stopped; restart this worker';

/** A worker whose may-i-run service has crashed still sends updates, but can no longer be told to stop (flamenco §7.6). */
export function noteSupervision(desk: Desk, { worker, since, askedAt }: Holding): void {
  const silent = desk.clock.monotonic() - (askedAt ?? since);
  set(desk, worker, silent > desk.limits.unsupervisedMs);
}

export function noteAsked(desk: Desk, worker: KnownWorker): void {
  set(desk, worker, false);
}

function set(desk: Desk, worker: KnownWorker, unsupervised: boolean): void {
  if (worker.unsupervised === unsupervised) return;
  worker.unsupervised = unsupervised;
  desk.log[unsupervised ? 'warn' : 'info'](
    { worker: worker.id, name: worker.name },
    `flamenco:${unsupervised ? 'un' : ''}supervised`,
  );
  void tellPeople(desk, worker);
}

/** Shown with the worker everywhere, whatever page one looks at. */
async function tellPeople({ engine }: Desk, worker: KnownWorker): Promise<void> {
  const row = await engine.query.worker(lookup, worker.id);
  if (row.refusal !== undefined || worker.session === 0) return;
  const { warning: _, ...info } = row.value.info;
  const said = worker.unsupervised ? { ...info, warning: unsupervisedText } : info;
  const present = { reported: null, total: null, mode: null, seenAt: null };
  await engine.command(worker.principal, 'refresh', { worker: worker.id, session: worker.session, ...present, info: said });
}
