import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import type { JobPlan } from '../../engine/commands.ts';
import { plainText } from '../kit/plain-text.ts';
import type { JobInfo, Resources, SentJobInfo } from './messages.ts';
import { sinkOf } from './shell-command.ts';
import { jobInfo, time } from './translate.ts';

/** The amounts under whichever name the peer's dialect has for them (kueue §0). Null: under none. */
export function sentResources(job: SentJobInfo): Resources | null {
  return job.worker_resources ?? job.local_resources ?? job.resources ?? null;
}

/** `IssueJob` to a job of one shell task (kueue §6.2); refused with a reason for people. */
export function jobPlanOf(job: SentJobInfo, resources: Resources): { plan: JobPlan } | { refusal: Refusal } {
  const wrong = faultOf(job, resources);
  if (wrong !== null) return refuse('invalid', wrong);
  const { cmd, cwd } = job;
  const payload = { argv: cmd, cwd, stdout: sinkOf(job.stdout_path), stderr: sinkOf(job.stderr_path) };
  const task: JobPlan['tasks'][number] = {
    key: null,
    kind: 'shell',
    tags: [],
    amounts: { slots: resources.job_slots, cpus: resources.cpus, ramMb: resources.ram_mb, named: {} },
    pools: job.global_resources ?? {},
    pin: null,
    priority: 0,
    policy: { retries: 0, maxLosses: 5, on: 'any', backoffMs: 0, onLoss: 'requeue' },
    timeoutMs: 0,
    silenceMs: 0,
    // The body is the job's request: stored once.
    body: null,
    after: [],
    array: null,
    refersTo: [],
  };
  const plan: JobPlan = {
    name: plainText(cmd.join(' '), 200) || 'job',
    kind: 'shell',
    priority: 0,
    labels: {},
    spec: JSON.stringify({ payload }),
    after: [],
    hold: false,
    notBefore: null,
    startOn: null,
    tasks: [task],
  };
  return { plan };
}

function faultOf(job: SentJobInfo, resources: Resources): string | null {
  if (job.cmd.length === 0 || job.cmd[0] === '') return 'the command is empty';
  if (job.cmd.some((word) => word.includes('\0')) || job.cwd.includes('\0')) return 'the command contains a zero byte';
  if (job.cwd === '') return 'the working directory is empty';
  const amounts = Object.entries({ ...resources, ...job.global_resources });
  const huge = amounts.find(([, amount]) => !Number.isSafeInteger(amount));
  return huge === undefined ? null : `${huge[0]}: more than ${Number.MAX_SAFE_INTEGER} is not accepted`;
}

/** What a rejected client gets back; it ignores it, but a number over u64 would break it (kueue §2.1). */
export function echoOf(job: SentJobInfo, resources: Resources, now: Millis): JobInfo {
  const clamp = (amount: number): number => Math.min(amount, Number.MAX_SAFE_INTEGER);
  const pools = Object.entries(job.global_resources ?? {}).map(([name, amount]) => [name, clamp(amount)]);
  const command = { argv: job.cmd, cwd: job.cwd, stdout: sinkOf(job.stdout_path), stderr: sinkOf(job.stderr_path) };
  const amounts = { slots: clamp(resources.job_slots), cpus: clamp(resources.cpus), ramMb: clamp(resources.ram_mb) };
  return jobInfo(0, command, { amounts, pools: Object.fromEntries(pools) }, { Pending: { issued: time(now) } });
}
