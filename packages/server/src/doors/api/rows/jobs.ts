import { JobPage, JobState, JobView } from '@switchyard/sdk/job.ts';
import { EdgeList, JobDetail } from '@switchyard/sdk/job-detail.ts';
import { closed, limits } from '@switchyard/sdk/names.ts';
import { TaskPage, TaskState } from '@switchyard/sdk/task.ts';
import Type from 'typebox';
import { isFinal } from '../../../domain/job.ts';
import { standsOn } from '../../kit/credentials.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { rawFields } from '../../kit/raw-json.ts';
import { ok, refused, rowDefiner } from '../api-row.ts';
import { awaitChange } from '../await-change.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, names, nextOf, pageOf, paging } from '../schemas.ts';
import { arrayView, jobView } from '../views/job-view.ts';
import { taskView } from '../views/task-view.ts';

const mostEdges = 5_000;

type JobFilter = Parameters<ApiContext['engine']['query']['jobs']>[1];

const JobQuery = Type.Object(
  {
    state: Type.Optional(Type.Array(JobState)),
    kind: Type.Optional(names),
    owner: Type.Optional(Type.String({ maxLength: limits.nameLength })),
    label: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_./-]{1,100}:', maxLength: 400, description: '`name:value`' })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: limits.nameLength, description: 'part of the name' })),
    ...paging,
  },
  closed,
);

export function jobRows(context: ApiContext): HttpRow[] {
  const { engine, clock, life } = context;
  const { query, feed } = engine;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/jobs',
      summary: 'Jobs, newest first.',
      right: 'job:read',
      tags: ['jobs'],
      query: JobQuery,
      answers: { 200: JobPage },
      handle: async ({ by, query: asked }) => {
        const page = pageOf(asked, 'desc');
        const jobs = await query.jobs(by, filterOf(asked), page);
        return ok({ jobs: jobs.map(jobView), next: nextOf(jobs, page.limit) });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id',
      summary: 'One job, with its request as submitted and its arrays.',
      right: 'job:read',
      tags: ['jobs'],
      params: IdParam,
      answers: { 200: JobDetail },
      handle: async ({ by, params }) => {
        const [job, spec, arrays] = await Promise.all([
          query.job(by, params.id),
          query.spec(by, params.id),
          query.arraysOf(by, params.id),
        ]);
        const refusal = job.refusal ?? spec.refusal ?? arrays.refusal;
        if (refusal !== undefined) return refused(refusal);
        const view = { ...jobView(job.value as NonNullable<typeof job.value>), arrays: (arrays.value ?? []).map(arrayView) };
        return ok(rawFields(view, { spec: spec.value ?? '{}' }));
      },
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id/tasks',
      summary: 'Tasks of a job in id order, array indices that nobody has started yet included.',
      right: 'job:read',
      tags: ['jobs', 'tasks'],
      params: IdParam,
      query: Type.Object({ state: Type.Optional(Type.Array(TaskState)), ...paging }, closed),
      answers: { 200: TaskPage },
      handle: async ({ by, params, query: asked }) => {
        const job = await query.job(by, params.id);
        if (job.refusal !== undefined) return refused(job.refusal);
        const page = pageOf(asked, 'asc');
        const states = asked.state === undefined ? {} : { states: asked.state };
        const rows = await query.tasks(by, { job: params.id, ...states }, page);
        const tasks = rows.map((shown) => taskView(shown, engine.lastProgress(shown.task.id)));
        return ok({ tasks, next: nextOf(tasks, page.limit) });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id/edges',
      summary: 'What waits for what in this job, at most 5000 edges: each a parent and the task or array that waits for it.',
      right: 'job:read',
      tags: ['jobs', 'tasks'],
      params: IdParam,
      answers: { 200: EdgeList },
      handle: async ({ by, params }) => {
        const edges = await query.edgesOf(by, params.id, mostEdges);
        if (edges.refusal !== undefined) return refused(edges.refusal);
        return ok({ edges: edges.value, complete: edges.value.length < mostEdges });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id/wait',
      summary: 'Answers when the job has ended, or after the time-out with the job as it is then (no `X-Job-Final`).',
      right: 'job:read',
      tags: ['jobs'],
      lasting: true,
      params: IdParam,
      query: Type.Object({ timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: context.limits.waitMs })) }, closed),
      answers: { 200: JobView },
      handle: async (request) => {
        const { by, params, query: asked } = request;
        const entered = life.enter(request.signal, standsOn(request));
        if (entered.refusal !== undefined) return refused(entered.refusal);
        const { signal, leave } = entered.value;
        const ms = asked.timeoutMs ?? context.limits.waitMs;
        let last = await query.job(by, params.id);
        await awaitChange({ feed, clock, filter: { job: params.id }, ms, signal }, async () => {
          last = await query.job(by, params.id);
          return last.refusal !== undefined || isFinal(last.value.state) ? true : null;
        }).finally(leave);
        if (last.refusal !== undefined) return refused(last.refusal);
        const headers: Record<string, string> = isFinal(last.value.state) ? { 'x-job-final': 'true' } : {};
        return { status: 200, headers, body: jobView(last.value) };
      },
    }),
  ];
}

interface JobAsked {
  readonly state?: JobFilter['states'];
  readonly kind?: readonly string[];
  readonly owner?: string;
  readonly label?: string;
  readonly name?: string;
}

function filterOf({ state, kind, owner, label, name }: JobAsked): JobFilter {
  const colon = label?.indexOf(':') ?? -1;
  return {
    ...(state === undefined ? {} : { states: state }),
    ...(kind === undefined ? {} : { kinds: kind }),
    ...(owner === undefined ? {} : { owner }),
    ...(label === undefined ? {} : { label: { name: label.slice(0, colon), value: label.slice(colon + 1) } }),
    ...(name === undefined ? {} : { name }),
  };
}
