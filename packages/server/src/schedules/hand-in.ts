import type { JobRequest } from '@switchyard/sdk/job.ts';
import { errors, type Refusal, type Result } from '../domain/errors.ts';
import type { JobId, Millis } from '../domain/ids.ts';
import type { JobPlan } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import type { KeptSchedule, Run } from './record.ts';

export interface HandInDeps {
  readonly engine: Pick<Engine, 'submit' | 'query'>;
  readonly compile: (request: JobRequest) => Result<JobPlan> | Promise<Result<JobPlan>>;
  /** Who this is now, with the rights of now; null: gone, disabled, expired. */
  readonly principal: (id: string) => Promise<Principal | null>;
}

/** What came of a run: noted; or `later`: nothing could be stored just now. */
export type HandedIn =
  | { readonly run: Omit<Run, 'due' | 'at'>; readonly alive: readonly JobId[]; readonly pause: string | null }
  | { readonly later: string };

/** More jobs of one schedule than this do not pile up one behind the other. */
const longestQueue = 100;
/** The engine's own ledger of keys tells a repetition for a day. */
const ended = new Set(['succeeded', 'failed', 'canceled']);

/**
 * One run: its owner's rights as they are now, what is still there of the runs before, then the job, under a key that names the
 * moment: asked twice it is the same job. `free`: a person wants it now, whatever runs.
 */
export async function handIn(deps: HandInDeps, schedule: KeptSchedule, key: string, free = false): Promise<HandedIn> {
  const by = await deps.principal(schedule.owner);
  if (by === null) {
    const text = `Its owner ${schedule.owner} is gone, disabled or expired`;
    return { run: { outcome: 'refused', job: null, text }, alive: schedule.alive, pause: text };
  }
  const alive = await living(deps, by, schedule.alive);
  const held = free ? null : holdsBack(schedule, alive);
  if (held !== null) return { run: { outcome: 'skipped', job: null, text: held }, alive, pause: null };
  const submitted = await submit(deps, by, requestOf(schedule, free ? [] : alive), key);
  if (submitted.refusal === undefined) {
    const { job } = submitted.value;
    const now = [...alive.filter((id) => id !== job.id), job.id].slice(-longestQueue);
    return { run: { outcome: 'submitted', job: job.id, text: null }, alive: now, pause: null };
  }
  return refusedRun(submitted.refusal, alive);
}

function refusedRun(refusal: Refusal, alive: readonly JobId[]): HandedIn {
  if (errors[refusal.code].retry === 'later') return { later: refusal.detail };
  const pause = refusal.code === 'forbidden' ? `Its owner may not submit this job: ${refusal.detail}` : null;
  return { run: { outcome: 'refused', job: null, text: refusal.detail }, alive, pause };
}

function holdsBack({ overlap }: KeptSchedule, alive: readonly JobId[]): string | null {
  const last = alive.at(-1);
  if (last === undefined) return null;
  if (overlap === 'skip') return `Job ${last} of an earlier run has not ended`;
  if (overlap === 'queue' && alive.length >= longestQueue) return `${alive.length} jobs of earlier runs have not ended`;
  return null;
}

function requestOf({ id, job, overlap }: KeptSchedule, alive: readonly JobId[]): JobRequest {
  const last = alive.at(-1);
  const request = { ...job, labels: { ...job.labels, schedule: String(id) } };
  if (overlap !== 'queue' || last === undefined) return request;
  return { ...request, afterAny: [...(job.afterAny ?? []), last] };
}

async function submit(deps: HandInDeps, by: Principal, request: JobRequest, key: string) {
  const plan = await deps.compile(request);
  // The same run may find another queue in front of it the second time: what it stands for is its key alone.
  return plan.refusal === undefined ? deps.engine.submit(by, plan.value, { key, hash: 'schedule' }) : plan;
}

async function living({ engine }: HandInDeps, by: Principal, jobs: readonly JobId[]): Promise<JobId[]> {
  const found = await Promise.all(jobs.map((job) => engine.query.job(by, job)));
  return found.flatMap(({ value }) =>
    value === undefined || ended.has(value.state) || value.intent === 'delete' ? [] : [value.id],
  );
}

/** Names the run: a schedule's id is never used again. */
export const keyOf = (id: number, due: Millis): string => `schedule:${id}:${due}`;
