import type { SentJobInfo } from '../messages.ts';
import { jobInfoOf } from '../translate.ts';
import { echoOf, jobPlanOf, sentResources } from '../translate-submission.ts';
import { type Asking, answer, type Reply } from './reply.ts';

const none = { job_slots: 0, cpus: 0, ram_mb: 0 };

/** Durable before it is accepted (kueue §6.2, §7.1). */
export async function issueJob({ desk, by }: Asking, body: SentJobInfo): Promise<Reply> {
  const resources = sentResources(body);
  const reject = (reason: string): Reply =>
    answer({ name: 'RejectJob', body: { job_info: echoOf(body, resources ?? none, desk.clock.now()), reason } });
  if (resources === null) return reject('the resources are missing');
  const planned = jobPlanOf(body, resources);
  if ('refusal' in planned) return reject(planned.refusal.detail);
  const { plan } = planned;
  const submitted = await desk.engine.submit(by, plan);
  if (submitted.refusal !== undefined) return reject(submitted.refusal.detail);
  const [id] = submitted.value.taskIds;
  const [task] = plan.tasks;
  if (id === undefined || task === undefined) return reject('the server made no job of it');
  const { createdAt } = submitted.value.job;
  const face = { attempt: null, body: plan.spec, value: null, workerName: null, offeredAt: null };
  const { amounts, pools } = task;
  const info = jobInfoOf(
    { ...face, amounts, pools, task: { id, createdAt, index: null, state: { state: 'ready' } } },
    desk.limits.commandLength,
  );
  return answer({ name: 'AcceptJob', body: info });
}
