import { closed, Id } from '@switchyard/sdk/names.ts';
import { CancelRequest } from '@switchyard/sdk/requests.ts';
import { TaskDetail, TaskPage, TaskState, TaskView } from '@switchyard/sdk/task.ts';
import Type from 'typebox';
import type { Result } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, NoFields, names, nextOf, pageOf, paging } from '../schemas.ts';
import { taskDetail, taskView } from '../views/task-view.ts';

const TaskQuery = Type.Object(
  {
    kind: Type.Optional(names),
    state: Type.Optional(Type.Array(TaskState)),
    worker: Type.Optional(Id),
    job: Type.Optional(Id),
    ...paging,
  },
  closed,
);

/** Commands on one task that need nothing but the task: word in the address, command, sentence. */
const plain = [
  ['hold', 'holdTask', 'Does not start this task until it is released.'],
  ['release', 'releaseTask', 'Lets a held task go on.'],
  ['retry', 'retryTask', 'Queues an ended task again.'],
  ['suspend', 'suspend', 'Stops the running task where it is; it keeps its place on the worker.'],
  ['resume', 'resume', 'Lets a suspended task go on.'],
] as const;

export function taskRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  const shared = { right: 'job:control', tags: ['tasks'], params: IdParam, answers: { 200: TaskView } } as const;

  /** The task as it is after a command. */
  async function after(by: Principal, id: number, result: Result<unknown>): Promise<Answer> {
    if (result.refusal !== undefined) return refused(result.refusal);
    return shown(await engine.query.task(by, id), (task) => taskView(task, engine.lastProgress(id)));
  }

  return [
    row({
      method: 'GET',
      path: '/v1/tasks',
      summary: 'Tasks of all jobs, in id order.',
      right: 'job:read',
      tags: ['tasks'],
      query: TaskQuery,
      answers: { 200: TaskPage },
      handle: async ({ by, query: { kind, state, worker, job, ...asked } }) => {
        const page = pageOf(asked, 'asc');
        const filter = {
          ...(kind === undefined ? {} : { kinds: kind }),
          ...(state === undefined ? {} : { states: state }),
          ...(worker === undefined ? {} : { worker }),
          ...(job === undefined ? {} : { job }),
        };
        const rows = await engine.query.tasks(by, filter, page);
        const tasks = rows.map((one) => taskView(one, engine.lastProgress(one.task.id)));
        return ok({ tasks, next: nextOf(tasks, page.limit) });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/tasks/:id',
      summary: 'One task with its attempts, artifacts and log lengths.',
      // A worker may look at what it runs: the query decides.
      right: null,
      tags: ['tasks'],
      params: IdParam,
      answers: { 200: TaskDetail },
      handle: async ({ by, params }) =>
        shown(await engine.query.taskDetail(by, params.id), (facts) => taskDetail(facts, engine.lastProgress(params.id))),
    }),
    row({
      ...shared,
      method: 'POST',
      path: '/v1/tasks/:id/cancel',
      summary: 'Cancels one task; once it has started only with `kill`.',
      body: CancelRequest,
      handle: async ({ by, params, body }) => {
        const input = { task: params.id, goal: 'canceled', reason: 'user', kill: body.kill ?? false } as const;
        return after(by, params.id, await engine.command(by, 'stop', input));
      },
    }),
    ...plain.map(([verb, command, summary]) =>
      row({
        ...shared,
        method: 'POST',
        path: `/v1/tasks/:id/${verb}`,
        summary,
        body: NoFields,
        handle: async ({ by, params }) => after(by, params.id, await engine.command(by, command, { task: params.id })),
      }),
    ),
  ];
}
