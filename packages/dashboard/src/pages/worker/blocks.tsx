import type { BlockView } from '@switchyard/sdk/block.ts';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { hrefOf } from '../../route.ts';
import { timeText } from '../../words/time.ts';

/** Jobs of which the worker gets no tasks, and the way to forgive it. */
export function Blocks({ worker }: { worker: number }) {
  const { client } = useYard();
  const may = useMay('worker:control');
  const blocks = useLiveQuery({
    key: ['worker', worker, 'blocks'],
    read: () => client.workers.blocks(worker),
    touched: (batch) => batch.workers.has(worker),
  });
  const forgive = async ({ job, kind }: BlockView): Promise<string> => {
    await client.jobs.forgive(job, { worker, kind });
    await blocks.refetch();
    return `It may try job ${job} again`;
  };
  const columns: readonly PlainColumn<BlockView>[] = [
    { title: 'job', cell: ({ job }) => <a href={hrefOf('job', [job])}>{job}</a> },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'since', cell: ({ at }) => timeText(at), dim: true },
    { title: 'until', cell: ({ until }) => (until === null ? 'it is forgiven' : timeText(until)) },
    ...(may ? [{ title: '', cell: (block: BlockView) => <Action run={() => forgive(block)}>Forgive</Action> }] : []),
  ];
  if (blocks.error !== null) return <ProblemBox error={blocks.error} />;
  return (
    <PlainTable
      rows={blocks.data ?? []}
      columns={columns}
      keyOf={({ job, kind }) => `${job} ${kind}`}
      empty="None: it may try every job."
    />
  );
}
