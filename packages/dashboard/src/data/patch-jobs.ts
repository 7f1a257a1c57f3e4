import type { JobPage, JobView } from '@switchyard/sdk/job.ts';
import type { InfiniteData } from '@tanstack/react-query';
import type { Batch } from './batch.ts';

export type JobPages = InfiniteData<JobPage, string | undefined>;

/** Rows kept at most; more are read again when somebody scrolls there. */
const most = 20_000;

/**
 * The loaded rows with the changes put in; nothing is read for it. `shows`: does the row still belong to the filter.
 * Pages and rows that nothing touched stay the same objects.
 */
export function patchJobs(pages: JobPages, batch: Batch, shows: (job: JobView) => boolean): JobPages {
  let touched = false;
  const next = pages.pages.map((page) => {
    const jobs = patchPage(page.jobs, batch, shows);
    if (jobs === page.jobs) return page;
    touched = true;
    return { ...page, jobs };
  });
  return touched ? { ...pages, pages: next } : pages;
}

function patchPage(jobs: JobView[], batch: Batch, shows: (job: JobView) => boolean): JobView[] {
  if (!jobs.some(({ id }) => batch.jobs.has(id) || batch.deleted.has(id))) return jobs;
  return jobs.flatMap((job) => {
    if (batch.deleted.has(job.id)) return [];
    const change = batch.jobs.get(job.id);
    const now = change === undefined ? job : { ...job, ...(change.data as Partial<JobView>) };
    return shows(now) ? [now] : [];
  });
}

/** Puts newly read rows (newest first) on top of what is loaded. */
export function putOnTop(pages: JobPages, newest: readonly JobView[]): JobPages {
  const first = pages.pages[0];
  if (first === undefined) return pages;
  const known = new Map(pages.pages.flatMap(({ jobs }) => jobs.map((job) => [job.id, job] as const)));
  const added = newest.filter(({ id }) => !known.has(id));
  if (added.length === 0) return pages;
  const jobs = [...added, ...first.jobs].sort((a, b) => b.id - a.id);
  return trimmed({ ...pages, pages: [{ ...first, jobs }, ...pages.pages.slice(1)] });
}

function trimmed(pages: JobPages): JobPages {
  const count = pages.pages.reduce((sum, { jobs }) => sum + jobs.length, 0);
  if (count <= most) return pages;
  if (pages.pages.length > 1) {
    const kept = pages.pages.slice(0, -1);
    return { pages: kept, pageParams: pages.pageParams.slice(0, -1) };
  }
  const jobs = pages.pages[0]?.jobs.slice(0, most) ?? [];
  return { ...pages, pages: [{ jobs, next: String(jobs.at(-1)?.id ?? 0) }] };
}
