import type { TaskView } from '@switchyard/sdk/task.ts';
import { useState } from 'react';
import { useLiveQuery } from '../data/use-live-query.ts';
import { useMay, useYard } from '../data/yard.tsx';
import { Action } from '../parts/action.tsx';
import { CountBar } from '../parts/count-bar.tsx';
import { LogView } from '../parts/log-view.tsx';
import { ProblemBox } from '../parts/problem.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import type { Route } from '../route.ts';
import { finalStates } from '../words/states.ts';
import { durationText, timeText } from '../words/time.ts';

export function JobPage({ route }: { route: Route }) {
  const id = Number(route.rest[0]);
  const { client } = useYard();
  const job = useLiveQuery({
    key: ['job', id],
    read: () => client.jobs.show(id),
    touched: (batch) => batch.jobs.has(id) || batch.tasksOf.has(id) || batch.deleted.has(id),
  });
  const tasks = useLiveQuery({
    key: ['job', id, 'tasks'],
    read: () => client.jobs.tasks(id, { limit: 500 }),
    touched: (batch) => batch.tasksOf.has(id),
  });
  const [task, setTask] = useState<number | null>(null);
  if (job.error !== null && job.data === undefined) return <ProblemBox error={job.error} again={() => void job.refetch()} />;
  if (job.data === undefined) return <p className="dim">Reading…</p>;
  const rows = tasks.data?.tasks ?? [];
  const shown = task ?? rows[0]?.id ?? null;
  return (
    <section className="page">
      <header className="bar">
        <h1>
          {job.data.name} <span className="dim">#{id}</span>
        </h1>
        <StateBadge state={job.data.state} />
        <span className="grow" />
        <JobActions id={id} state={job.data.state} />
      </header>
      <CountBar counts={job.data.counts} total={job.data.total} />
      <dl className="facts">
        <dt>kind</dt>
        <dd>{job.data.kind}</dd>
        <dt>owner</dt>
        <dd>{job.data.owner}</dd>
        <dt>priority</dt>
        <dd>{job.data.priority}</dd>
        <dt>created</dt>
        <dd>{timeText(job.data.createdAt)}</dd>
        <dt>ended</dt>
        <dd>{timeText(job.data.endedAt)}</dd>
      </dl>
      <div className="short-rows">
        <VirtualTable
          rows={rows}
          columns={columnsOf(setTask)}
          label="Tasks"
          keyOf={({ id: key }) => key}
          chosen={(row) => row.id === shown}
          empty="No tasks."
        />
      </div>
      {shown !== null && <TaskOutput task={shown} />}
    </section>
  );
}

function columnsOf(choose: (id: number) => void): readonly Column<TaskView>[] {
  return [
    {
      title: 'id',
      width: '5rem',
      number: true,
      cell: ({ id }) => (
        <button type="button" className="link" onClick={() => choose(id)}>
          {id}
        </button>
      ),
    },
    { title: 'key', width: '7rem', cell: ({ key, index }) => key ?? index },
    { title: 'state', width: '6.5rem', cell: ({ state }) => <StateBadge state={state} /> },
    { title: 'kind', width: '7rem', cell: ({ kind }) => kind },
    { title: 'worker', width: '8rem', cell: ({ worker }) => worker?.name },
    { title: 'attempt', width: '4rem', number: true, cell: ({ attempt }) => attempt },
    { title: 'took', width: '6rem', cell: tookText },
    { title: 'said', width: 'minmax(8rem, 1fr)', dim: true, cell: ({ error, text }) => error ?? text },
  ];
}

function tookText({ startedAt, endedAt }: TaskView): string {
  return startedAt === null || endedAt === null ? '' : durationText(Date.parse(endedAt) - Date.parse(startedAt));
}

function TaskOutput({ task }: { task: number }) {
  const [stream, setStream] = useState<'out' | 'err' | 'log'>('out');
  return (
    <section>
      <h2>Output of task {task}</h2>
      <div className="tabs" role="tablist">
        {(['out', 'err', 'log'] as const).map((one) => (
          <button key={one} type="button" role="tab" aria-selected={one === stream} onClick={() => setStream(one)}>
            {one}
          </button>
        ))}
      </div>
      <LogView key={`${task}-${stream}`} task={task} stream={stream} />
    </section>
  );
}

function JobActions({ id, state }: { id: number; state: string }) {
  const { client } = useYard();
  if (!useMay('job:control')) return null;
  const over = finalStates.includes(state);
  const act = (work: (id: number) => Promise<unknown>, done: string) => async (): Promise<string> => {
    await work(id);
    return `${done}: job ${id}`;
  };
  return (
    <>
      {!over && state !== 'held' && <Action run={act(client.jobs.hold, 'Held')}>Hold</Action>}
      {state === 'held' && <Action run={act(client.jobs.release, 'Released')}>Release</Action>}
      {over && <Action run={act(client.jobs.retry, 'Trying again')}>Retry</Action>}
      {!over && (
        <Action look="danger" run={act((job) => client.jobs.cancel(job, { kill: true }), 'Canceled')}>
          Cancel
        </Action>
      )}
    </>
  );
}
