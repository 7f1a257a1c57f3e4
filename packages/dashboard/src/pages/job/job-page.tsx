import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { useState } from 'react';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { CountBar } from '../../parts/count-bar.tsx';
import { JobImage } from '../../parts/job-image.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { VirtualTable } from '../../parts/virtual-table.tsx';
import { go, hrefOf, type Route } from '../../route.ts';
import { etaMs } from '../../words/eta.ts';
import { finalStates } from '../../words/states.ts';
import { durationText, timeText } from '../../words/time.ts';
import { HeatMap } from './heat-map.tsx';
import { taskColumns } from './task-columns.tsx';
import { TaskGraph } from './task-graph.tsx';
import { TaskPanel } from './task-panel.tsx';
import { Timeline } from './timeline.tsx';
import { WhyBox } from './why-box.tsx';

/** Tasks shown; the rest of a larger job is found by state. */
const mostTasks = 1_000;

export function JobPage({ route }: { route: Route }) {
  const id = Number(route.rest[0]);
  const chosen = route.rest[1] === undefined ? null : Number(route.rest[1]);
  const { client } = useYard();
  const [state, setState] = useState('');
  const job = useLiveQuery({
    key: ['job', id],
    read: () => client.jobs.show(id),
    touched: (batch) => batch.jobs.has(id) || batch.tasksOf.has(id) || batch.deleted.has(id),
  });
  const tasks = useLiveQuery({
    key: ['job', id, 'tasks', state],
    read: () => client.jobs.tasks(id, { limit: mostTasks, ...(state === '' ? {} : { state: [state as 'failed'] }) }),
    touched: (batch) => batch.tasksOf.has(id),
    restMs: 1_000,
  });
  if (job.data === undefined) {
    return job.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={job.error} again={() => void job.refetch()} />
    );
  }
  const rows = tasks.data?.tasks ?? [];
  const shown = chosen ?? mostTelling(rows)?.id ?? null;
  const choose = (task: number): void => go(hrefOf('job', [id, task]));
  const isArray = rows.length > 1 && rows.every(({ index }) => index !== null);
  return (
    <section className="page">
      <header className="bar">
        <h1>
          {job.data.name} <span className="dim">#{id}</span>
        </h1>
        <StateBadge state={job.data.state} />
        <span className="grow" />
        <JobActions job={job.data} />
      </header>
      <CountBar counts={job.data.counts} total={job.data.total} />
      <Facts job={job.data} />
      {job.data.counts.running === 0 && !finalStates.includes(job.data.state) && <WhyBox job={id} />}
      <JobImage job={id} name={job.data.name} />
      {rows.length > 1 && !isArray && state === '' && <TaskGraph job={id} tasks={rows} />}
      {isArray && <HeatMap tasks={rows} choose={choose} chosen={shown} />}
      {rows.length > 1 && !isArray && <Timeline tasks={rows} now={Date.now()} />}
      <div className="bar">
        <h2>Tasks</h2>
        <select aria-label="Tasks in state" value={state} onChange={(event) => setState(event.target.value)}>
          <option value="">any state</option>
          {Object.entries(job.data.counts)
            .filter(([, count]) => count > 0)
            .map(([name, count]) => (
              <option key={name} value={name}>
                {name} ({count})
              </option>
            ))}
        </select>
        {tasks.data?.next !== null && rows.length >= mostTasks && <span className="dim">the first {mostTasks} of them</span>}
      </div>
      {(rows.length > 1 || state !== '') && (
        <div className="short-rows">
          <VirtualTable
            rows={rows}
            columns={taskColumns(choose)}
            label="Tasks"
            keyOf={({ id: key }) => key}
            chosen={(row) => row.id === shown}
            empty="No tasks."
          />
        </div>
      )}
      {shown !== null && <TaskPanel key={shown} id={shown} alone={job.data.total === 1} />}
    </section>
  );
}

/** What somebody came to see: the failure, else what runs, else the first. */
function mostTelling(tasks: readonly TaskView[]): TaskView | undefined {
  return tasks.find(({ state }) => state === 'failed') ?? tasks.find(({ state }) => state === 'running') ?? tasks[0];
}

function Facts({ job }: { job: JobDetail }) {
  const { counts, total, startedAt, endedAt, labels } = job;
  const done = counts.succeeded + counts.failed + counts.canceled;
  const elapsed = startedAt === null ? 0 : (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt);
  const left = endedAt === null ? etaMs(done, total, elapsed) : null;
  const facts: readonly (readonly [string, string])[] = [
    ['kind', job.kind],
    ['owner', job.owner],
    ['priority', String(job.priority)],
    ['created', timeText(job.createdAt)],
    ['started', timeText(startedAt)],
    ['ended', timeText(endedAt)],
    ['took', startedAt === null ? '' : durationText(elapsed)],
    ['done', `${done} of ${total}`],
    ['deadline', timeText(job.deadline)],
    ['left', left === null ? '' : `about ${durationText(left)}`],
    ...Object.entries(labels),
  ];
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function JobActions({ job: { id, state, priority } }: { job: JobDetail }) {
  const { client } = useYard();
  if (!useMay('job:control')) return null;
  const over = finalStates.includes(state);
  const act = (work: (job: number) => Promise<unknown>, done: string) => async (): Promise<string> => {
    await work(id);
    return `${done}: job ${id}`;
  };
  const reprioritise = async (): Promise<string | undefined> => {
    const said = prompt('Priority (higher goes first)', String(priority));
    if (said === null || !/^-?\d{1,9}$/.test(said.trim())) return undefined;
    await client.jobs.setPriority(id, Number(said));
    return `Priority ${said}: job ${id}`;
  };
  return (
    <>
      {!over && <Action run={reprioritise}>Priority</Action>}
      {!over && state !== 'held' && <Action run={act(client.jobs.hold, 'Held')}>Hold</Action>}
      {state === 'held' && <Action run={act(client.jobs.release, 'Released')}>Release</Action>}
      {over && state !== 'succeeded' && <Action run={act(client.jobs.retry, 'Trying again')}>Retry</Action>}
      {!over && (
        <Action look="danger" run={act((job) => client.jobs.cancel(job, { kill: true }), 'Canceled')}>
          Cancel
        </Action>
      )}
      {over && (
        <Action
          look="danger"
          ask="Delete this job with its output?"
          run={async () => {
            await client.jobs.delete(id);
            go(hrefOf('jobs'));
            return `Deleted: job ${id}`;
          }}
        >
          Delete
        </Action>
      )}
    </>
  );
}
