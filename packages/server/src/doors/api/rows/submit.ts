import { BulkAnswer, JobRequest, JobView } from '@switchyard/sdk/job.ts';
import { BulkRequest } from '@switchyard/sdk/requests.ts';
import { type Result, refuse } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Submitted } from '../../../engine/commands.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { ok, refused, rowDefiner } from '../api-row.ts';
import { requestHash } from '../canonical.ts';
import type { ApiContext } from '../context.ts';
import { problemOf } from '../problem.ts';
import { jobView } from '../views/job-view.ts';

const longestKey = 200;

export function submitRows(context: ApiContext): HttpRow[] {
  const { engine, compile, limits } = context;
  const row = rowDefiner(context);

  async function submit(by: Principal, request: JobRequest, key?: string): Promise<Result<Submitted>> {
    const made = compile(request);
    // A promise only where the kind looks around: what one turn submits shares a transaction.
    const plan = made instanceof Promise ? await made : made;
    if (plan.refusal !== undefined) return plan;
    return engine.submit(by, plan.value, key === undefined ? {} : { key, hash: requestHash(request) });
  }

  return [
    row({
      method: 'POST',
      path: '/v1/jobs',
      summary: 'Submits a job; acknowledged once it is on disk.',
      right: 'job:submit',
      tags: ['jobs'],
      body: JobRequest,
      bodyLimit: limits.submitBytes,
      reads: { 'idempotency-key': 'The same key and request again answer the same job instead of making another.' },
      answers: { 201: JobView, 200: JobView },
      handle: async ({ by, body, headers }) => {
        const key = headers['idempotency-key'];
        if (key !== undefined && (key === '' || key.length > longestKey)) {
          return refused(refuse('malformed', `Idempotency-Key must have 1 to ${longestKey} characters`).refusal);
        }
        const result = await submit(by, body as JobRequest, key);
        return result.refusal === undefined ? accepted(result.value) : refused(result.refusal);
      },
    }),
    row({
      method: 'POST',
      path: '/v1/jobs/batch',
      summary: 'Submits up to 1,000 jobs in one request; each is accepted or refused for itself.',
      right: 'job:submit',
      tags: ['jobs'],
      body: BulkRequest,
      bodyLimit: limits.submitBytes,
      answers: { 200: BulkAnswer },
      handle: async ({ by, body }) => {
        // All are handed in before the first one is awaited: they share transactions.
        const results = await Promise.all((body.jobs as JobRequest[]).map((request) => submit(by, request)));
        return ok({
          jobs: results.map(({ value, refusal }) =>
            refusal === undefined ? jobView(value.job) : { problem: problemOf(refusal) },
          ),
        });
      },
    }),
  ];
}

function accepted({ job, replayed }: Submitted): Answer {
  const headers: Record<string, string> = { location: `/v1/jobs/${job.id}` };
  if (replayed) headers['idempotent-replayed'] = 'true';
  return { status: replayed ? 200 : 201, headers, body: jobView(job) };
}
