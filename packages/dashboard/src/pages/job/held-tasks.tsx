import type { TaskView } from '@switchyard/sdk/task.ts';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { type Column, VirtualTable } from '../../parts/virtual-table.tsx';
import { hrefOf } from '../../route.ts';
import { timeText } from '../../words/time.ts';
import { Said } from './task-columns.tsx';

const columns: readonly Column<TaskView>[] = [
  { title: 'task', width: '4rem', number: true, cell: ({ id, job }) => <a href={hrefOf('job', [job, id])}>{id}</a> },
  { title: 'job', width: '4rem', number: true, cell: ({ job }) => <a href={hrefOf('job', [job])}>{job}</a> },
  { title: 'kind', width: '9rem', spare: true, cell: ({ kind }) => kind },
  { title: 'state', width: '7rem', cell: ({ state }) => <StateBadge state={state} /> },
  { title: 'began', width: '12rem', spare: true, dim: true, cell: ({ startedAt }) => timeText(startedAt) },
  { title: 'said', width: 'minmax(8rem, 1fr)', cell: (task) => <Said task={task} /> },
];

/** What a worker has in hand now, as it takes and ends it. */
export function HeldTasks({ worker }: { worker: number }) {
  const { client } = useYard();
  const tasks = useLiveQuery({
    key: ['worker', worker, 'tasks'],
    read: () => client.tasks.list({ worker, limit: 500 }),
    touched: (batch) => batch.workers.has(worker),
  });
  return (
    <div className="short-rows">
      <VirtualTable
        rows={tasks.data?.tasks ?? []}
        columns={columns}
        label="Tasks it holds"
        keyOf={({ id }) => id}
        empty="Nothing at the moment."
      />
    </div>
  );
}
