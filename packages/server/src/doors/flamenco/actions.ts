import { type Result, refuse } from '../../domain/errors.ts';
import type { JobPlan } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { commandsBody } from '../../domain/variables.ts';
import type { Desk } from './desk.ts';
import { hexId, readHexId } from './ids.ts';
import type { KnownWorker } from './known-worker.ts';
import { statusOf } from './translate.ts';
import { merge } from './twins.ts';

interface Asked {
  readonly desk: Desk;
  readonly by: Principal;
  readonly worker: KnownWorker;
  readonly fields: URLSearchParams;
}

/** A text for people, or nothing to say. */
type Done = Promise<Result<string | null>>;

const bad = (text: string): { refusal: { code: 'malformed'; detail: string } } => ({
  refusal: { code: 'malformed', detail: text },
});

/** What somebody may do to a worker (flamenco §2.3). */
export const actions = {
  'set-status': setStatus,
  shutdown: (asked: Asked): Done => wish(asked, 'shutdown'),
  'ack-timeout': acknowledgeTimeout,
  'send-test-job': sendTestJob,
  'forget-worker': forget,
  'forget-blacklist-line': forgive,
  /** Ours: an entry that is the same machine as another one. */
  'merge-worker': mergeInto,
} as const;

async function setStatus(asked: Asked): Done {
  const status = ['asleep', 'awake', 'shutdown'].find((known) => known === asked.fields.get('status'));
  if (status === undefined) return bad('status must be asleep, awake or shutdown');
  return wish(asked, status as 'asleep' | 'awake' | 'shutdown');
}

async function wish({ desk, by, worker, fields }: Asked, mode: 'asleep' | 'awake' | 'shutdown'): Done {
  const lazy = fields.get('lazy') === 'true';
  return said(await desk.engine.command(by, 'wish', { worker: worker.id, mode, lazy }));
}

async function acknowledgeTimeout({ worker }: Asked): Done {
  if (statusOf(worker) !== 'timeout') return bad(`${worker.name} is ${statusOf(worker)}, not in timeout`);
  worker.timedOut = false;
  return { value: null };
}

/** A worker that is still there would be answered 401 from then on (flamenco §5.4): it is shut down first. */
async function forget({ desk, by, worker }: Asked): Done {
  const status = statusOf(worker);
  const here = worker.status !== 'offline' && worker.status !== 'pending';
  if (here) return bad(`${worker.name} is ${status}: shut it down first, then forget it`);
  return said(await desk.engine.command(by, 'forget', { worker: worker.id, force: true }));
}

async function forgive({ desk, by, worker, fields }: Asked): Done {
  const [job, kind] = [readHexId('job', fields.get('job_id')), fields.get('task_type')];
  if (job === null || !kind) return bad('job_id and task_type must be those of a line of the blacklist');
  return said(await desk.engine.command(by, 'forgive', { job, worker: worker.id, kind }));
}

async function mergeInto({ desk, worker, fields }: Asked): Done {
  const into = desk.fleet.get(readHexId('worker', fields.get('into')));
  if (into === null || into === worker) return bad('into must be the id of the worker that stays');
  if (worker.status !== 'offline')
    return bad(`${worker.name} is ${statusOf(worker)}: only an entry that is offline can be merged`);
  return (await merge(desk, worker, into)) ? { value: null } : refuse('conflict', `${worker.name} could not be forgotten`);
}

const testKind = 'test-blender-render';

/** One frame of Blender's own start-up scene, on this worker alone: whether Blender is found and renders there. */
async function sendTestJob({ desk, by, worker }: Asked): Done {
  if (worker.mode !== 'testing' || !worker.kinds.includes(testKind)) {
    return bad(`${worker.name} is not in test mode: start it with --test, so that it offers ${testKind}`);
  }
  const submitted = await desk.engine.submit(by, testPlan(worker));
  if (submitted.refusal !== undefined) return submitted;
  return { value: `Job ${hexId('job', submitted.value.job.id)} was made for ${worker.name}` };
}

function testPlan({ id, name }: KnownWorker): JobPlan {
  const commands = [
    { name: 'echo', settings: { message: `Testing whether ${name} can render` } },
    { name: 'exec', settings: { cmd: '{blender} --background --factory-startup --engine CYCLES --render-frame 1' } },
  ];
  const body = commandsBody(commands);
  const task = {
    ...{ key: testKind, kind: testKind, tags: [], pools: {}, pin: id, priority: 100, body, after: [], array: null, refersTo: [] },
    amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
    policy: { retries: 0, maxLosses: 0, on: 'any', backoffMs: 0, onLoss: 'fail' } as const,
    ...{ timeoutMs: 3_600_000, silenceMs: 600_000 },
  };
  return {
    ...{ name: `test of ${name}`, kind: testKind, priority: 100, labels: {}, spec: body, after: [] },
    ...{ hold: false, notBefore: null, startOn: null, tasks: [task] },
  };
}

const said = (result: Result<unknown>): Result<null> => (result.refusal === undefined ? { value: null } : result);
