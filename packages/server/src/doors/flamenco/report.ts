import { unfinishedOf } from '../../domain/counts.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Block } from '../../domain/rows.ts';
import { clockTime } from '../../domain/sleep-schedule.ts';
import type { Worker } from '../../domain/worker.ts';
import type { ScheduleOf } from '../../engine/sleep-schedules.ts';
import type { Desk } from './desk.ts';
import { foreignKinds } from './foreign-kinds.ts';
import { hexId } from './ids.ts';
import type { KnownWorker } from './known-worker.ts';
import type { ScheduleInfo, StatusReport, WorkerDoc } from './messages.ts';
import { unsupervisedText } from './supervision.ts';
import { requestedOf, statusOf, taskStatusOf } from './translate.ts';
import { twinsOf } from './twins.ts';

/** What a dashboard or a script sees of the farm (flamenco §3). */
export async function statusReport(desk: Desk, by: Principal): Promise<StatusReport> {
  const { engine, fleet, settings } = desk;
  const rows = new Map((await engine.query.workers(by)).map((row) => [row.id, row]));
  const known = [...fleet.all()].filter(({ id }) => rows.has(id));
  const blocks = await Promise.all(known.map(({ id }) => engine.query.blocks(by, { worker: id })));
  const tallies = await engine.query.tallies(by);
  const workers = known.map((worker, i) => workerDoc(desk, worker, rows.get(worker.id) ?? null, blocks[i]?.value ?? []));
  return {
    nr_of_workers: workers.length,
    nr_of_tasks: tallies
      .filter(({ kind }) => !foreignKinds.includes(kind))
      .reduce((sum, { counts }) => sum + unfinishedOf(counts), 0),
    upstream_queue_size: 0,
    version: settings.version,
    workers,
    manager_name: settings.name,
    manager_mode: 'production',
    server: { name: settings.name, url: '/' },
  };
}

/** The answer to a registration: the worker reads only its id. */
export const reportOf = (desk: Desk, worker: KnownWorker): WorkerDoc => workerDoc(desk, worker, null, []);

function workerDoc(desk: Desk, worker: KnownWorker, row: Worker | null, blocks: readonly Block[]): WorkerDoc {
  const { engine, fleet } = desk;
  const id = hexId('worker', worker.id);
  const schedule = engine.sleepSchedules.of(worker.id);
  const twins = twinsOf(fleet, worker).map((twin) => hexId('worker', twin.id));
  const warning = warningOf(worker);
  return {
    _id: id,
    nickname: worker.name,
    platform: worker.platformText,
    software: worker.software,
    address: worker.address,
    status: statusOf(worker),
    status_requested: requestedOf(worker.wanted) ?? '',
    lazy_status_request: worker.wanted?.lazy ?? false,
    supported_task_types: [...worker.kinds],
    time_cost: 0,
    ...currentTask(desk, worker),
    ...(row === null ? {} : { last_activity: new Date(row.seenAt).toISOString() }),
    ...(schedule === null ? {} : { sleep_schedule: scheduleInfo(schedule) }),
    ...(blocks.length === 0 ? {} : { blacklist: blocks.map((block) => blacklistLine(id, block)) }),
    ...(warning === null ? {} : { warning }),
    ...(twins.length === 0 ? {} : { twins }),
  };
}

function currentTask({ clock }: Desk, { holdings }: KnownWorker): Partial<WorkerDoc> {
  const [holding] = holdings.values();
  if (holding === undefined) return {};
  const { task, job, updatedAt } = holding;
  const at =
    updatedAt === null ? {} : { current_task_updated: new Date(clock.now() - (clock.monotonic() - updatedAt)).toISOString() };
  return { current_task: hexId('task', task), current_job: hexId('job', job), current_task_status: taskStatusOf(holding), ...at };
}

function warningOf({ status, unsupervised }: KnownWorker): string | null {
  if (status === 'pending') return 'waits for approval: it gets no tasks';
  return unsupervised ? unsupervisedText : null;
}

export function scheduleInfo({ schedule, nextCheck }: ScheduleOf): ScheduleInfo {
  const [start, end] = [clockTime(schedule.start), clockTime(schedule.end)];
  return {
    schedule_active: schedule.active,
    days_of_week: schedule.days.join(' '),
    ...(start === null ? {} : { time_start: start }),
    ...(end === null ? {} : { time_end: end }),
    ...(nextCheck === null ? {} : { next_check: new Date(nextCheck).toISOString() }),
    time_zone: schedule.zone,
  };
}

function blacklistLine(worker: string, { job, kind, at }: Block) {
  return { _created: new Date(at).toISOString(), worker_id: worker, job_id: hexId('job', job), task_type: kind };
}
