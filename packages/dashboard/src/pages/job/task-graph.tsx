import type { TaskView } from '@switchyard/sdk/task.ts';
import { lazy, Suspense, useMemo } from 'react';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';
import { graphOf } from './graph-model.ts';

const GraphDrawing = lazy(() => import('./graph-drawing.tsx'));
const mostNodes = 300;

/** The job's tasks and what they wait for, where anything waits for anything. */
export function TaskGraph({ job, tasks }: { job: number; tasks: readonly TaskView[] }) {
  const { client } = useYard();
  const edges = useLiveQuery({
    key: ['job', job, 'edges'],
    read: () => client.jobs.edges(job),
    touched: (batch) => batch.tasksOf.has(job),
    restMs: 1_500,
  });
  const graph = useMemo(() => graphOf(tasks, edges.data?.edges ?? []), [tasks, edges.data]);
  if (graph === null) return null;
  if (graph.nodes.length > mostNodes) {
    return <p className="dim">{graph.nodes.length} tasks depend on each other: too many to draw. The list below has them all.</p>;
  }
  return (
    <Suspense fallback={<p className="dim">Drawing…</p>}>
      <GraphDrawing job={job} graph={graph} />
    </Suspense>
  );
}
