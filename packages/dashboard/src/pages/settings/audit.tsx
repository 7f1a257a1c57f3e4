import type { AuditView } from '@switchyard/sdk/token.ts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useYard } from '../../data/yard.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { type Column, VirtualTable } from '../../parts/virtual-table.tsx';
import { timeText } from '../../words/time.ts';

const columns: readonly Column<AuditView>[] = [
  { title: 'when', width: '12rem', dim: true, spare: true, cell: ({ at }) => timeText(at) },
  { title: 'who', width: 'minmax(6rem, 12rem)', cell: ({ name }) => name },
  { title: 'did', width: 'minmax(6rem, 9rem)', cell: ({ command }) => command },
  { title: 'to', width: 'minmax(8rem, 1fr)', cell: ({ subject }) => subject },
  { title: 'refused', width: '9rem', spare: true, cell: ({ refusal }) => refusal },
];

export function Audit() {
  const { client } = useYard();
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam }) => client.audit({ limit: 200, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (error !== null) return <ProblemBox error={error} />;
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <div className="tall-rows">
      <VirtualTable
        rows={entries}
        columns={columns}
        label="Audit trail"
        keyOf={({ id }) => id}
        onEnd={more}
        empty="Nothing yet."
      />
    </div>
  );
}
