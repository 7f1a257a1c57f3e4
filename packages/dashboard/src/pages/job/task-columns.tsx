import type { TaskView } from '@switchyard/sdk/task.ts';
import { useProgress } from '../../data/progress.ts';
import { ProgressBar } from '../../parts/progress-bar.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import type { Column } from '../../parts/virtual-table.tsx';
import { durationText } from '../../words/time.ts';

export function taskColumns(choose: (id: number) => void): readonly Column<TaskView>[] {
  return [
    {
      title: 'id',
      width: '4rem',
      number: true,
      cell: ({ id }) => (
        <button type="button" className="link" onClick={() => choose(id)}>
          {id}
        </button>
      ),
    },
    { title: 'key', width: 'minmax(4rem, 8rem)', cell: ({ key, index }) => key ?? index },
    { title: 'state', width: '6.5rem', cell: ({ state, held }) => <StateBadge state={held ? 'held' : state} /> },
    { title: 'kind', width: '8rem', spare: true, cell: ({ kind }) => kind },
    { title: 'worker', width: '8rem', spare: true, cell: ({ worker }) => worker?.name },
    { title: 'attempt', width: '4rem', number: true, spare: true, cell: ({ attempt }) => attempt },
    { title: 'took', width: '6rem', spare: true, cell: tookText },
    { title: 'said', width: 'minmax(5rem, 1fr)', dim: true, cell: (task) => <Said task={task} /> },
  ];
}

export function Said({ task }: { task: TaskView }) {
  const live = useProgress(task.id);
  if (task.state === 'running') return <ProgressBar value={live ?? task.progress} label={`Progress of task ${task.id}`} />;
  return <>{task.error ?? task.text}</>;
}

export function tookText({ startedAt, endedAt }: Pick<TaskView, 'startedAt' | 'endedAt'>): string {
  return startedAt === null || endedAt === null ? '' : durationText(Date.parse(endedAt) - Date.parse(startedAt));
}
