import type { JobState, JobView } from '@switchyard/sdk/job.ts';
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import type { Batch } from './batch.ts';
import { type JobPages, patchJobs, putOnTop } from './patch-jobs.ts';
import { useYard } from './yard.tsx';

export interface JobFilter {
  readonly state?: readonly JobState[] | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
}

const pageRows = 200;
const headRestMs = 700;

/** Jobs, newest first, loaded as far as somebody scrolled, kept true by the feed without reading them again. */
export function useJobs(filter: JobFilter) {
  const { client, live } = useYard();
  const queries = useQueryClient();
  const hash = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `hash` stands for the filter.
  const key = useMemo(() => ['jobs', filter], [hash]);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      client.jobs.list({ ...filter, limit: pageRows, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => {
    const patch = (change: (pages: JobPages) => JobPages): void => {
      queries.setQueryData<InfiniteData<Awaited<ReturnType<typeof client.jobs.list>>, string | undefined>>(key, (now) =>
        now === undefined ? now : change(now),
      );
    };
    let reading = false;
    let wanted = false;
    async function readHead(): Promise<void> {
      wanted = true;
      if (reading) return;
      reading = true;
      while (wanted) {
        wanted = false;
        const page = await client.jobs.list({ ...filter, limit: pageRows }).catch(() => null);
        if (page !== null) patch((now) => putOnTop(now, page.jobs));
        await new Promise((resolve) => setTimeout(resolve, headRestMs));
      }
      reading = false;
    }
    return live.onBatch((batch) => {
      if (batch.all) return void queries.invalidateQueries({ queryKey: key });
      patch((now) => patchJobs(now, batch, (job) => fits(job, filter)));
      if (batch.created.size > 0 || comesIn(batch, filter)) void readHead();
    });
  }, [client, live, queries, key]);
  const jobs = useMemo(() => query.data?.pages.flatMap((page) => page.jobs) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { jobs, more, hasMore: hasNextPage, error: query.error, loading: query.isPending, again: () => void query.refetch() };
}

function fits(job: JobView, { state }: JobFilter): boolean {
  return state === undefined || state.includes(job.state);
}

/** With a filter by state a job may come into it by a change. */
function comesIn(batch: Batch, { state }: JobFilter): boolean {
  if (state === undefined) return false;
  return [...batch.jobs.values()].some(({ data }) => state.includes(data['state'] as JobState));
}
