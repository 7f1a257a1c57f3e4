import { faceOf } from './faces.ts';
import { type Asking, noJob, type Reply, response } from './reply.ts';

/** `RequestResponse` in every case (kueue §6.6). A job of another door, or one index of an array, is one task here. */
export async function removeJob({ desk, by }: Asking, { job_id, kill }: { job_id: number; kill: boolean }): Promise<Reply> {
  if ((await faceOf(desk, by, job_id)) === null) return noJob(job_id);
  const stopped = await desk.engine.command(by, 'stop', { task: job_id, goal: 'canceled', reason: 'user', kill });
  if (stopped.refusal === undefined) {
    const { before } = stopped.value;
    const ran = before === 'running' || before === 'suspended' || before === 'stopping';
    return response(true, ran ? `job ${job_id} canceled, its process is being killed` : `job ${job_id} canceled`);
  }
  switch (stopped.refusal.code) {
    case 'running':
      return response(false, `job ${job_id} is running; add -k (--kill) to kill it`);
    case 'wrong_state':
      return response(false, `job ${job_id} is over already`);
    case 'not_found':
      return noJob(job_id);
    default:
      return response(false, stopped.refusal.detail);
  }
}
