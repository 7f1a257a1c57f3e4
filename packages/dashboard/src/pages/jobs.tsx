import type { JobState, JobView } from '@switchyard/sdk/job.ts';
import { useState } from 'react';
import { useJobs } from '../data/use-jobs.ts';
import { useMay, useYard } from '../data/yard.tsx';
import { Action } from '../parts/action.tsx';
import { CountBar } from '../parts/count-bar.tsx';
import { ProblemBox } from '../parts/problem.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import { hrefOf, type Route, replaceQuery } from '../route.ts';
import { finalStates } from '../words/states.ts';
import { timeText } from '../words/time.ts';

const states: readonly JobState[] = ['active', 'waiting', 'held', 'canceling', 'failed', 'succeeded', 'canceled'];
const none: ReadonlySet<number> = new Set();

export function JobsPage({ route }: { route: Route }) {
  const { state, name } = route.query;
  const filter = {
    ...(state === undefined ? {} : { state: [state as JobState] }),
    ...(name === undefined ? {} : { name }),
  };
  const { jobs, more, error, loading, again } = useJobs(filter);
  const [chosen, setChosen] = useState(none);
  const may = useMay('job:control');
  const set = (changed: Record<string, string>): void => {
    const next = { ...route.query, ...changed };
    replaceQuery(route, Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')));
  };
  const toggle = (id: number): void =>
    setChosen((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  /** All that are loaded; what comes later is not chosen by itself. */
  const chooseAll = (on: boolean): void => setChosen(on ? new Set(jobs.map(({ id }) => id)) : none);
  return (
    <section className="page fill">
      <header className="bar">
        <h1>Jobs</h1>
        <input
          type="search"
          aria-label="Name contains"
          placeholder="Name contains…"
          defaultValue={name ?? ''}
          onChange={(event) => set({ name: event.target.value })}
        />
        <select aria-label="State" value={state ?? ''} onChange={(event) => set({ state: event.target.value })}>
          <option value="">any state</option>
          {states.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <span className="grow" />
        {may && chosen.size > 0 && <Chosen jobs={jobs.filter(({ id }) => chosen.has(id))} done={() => setChosen(none)} />}
      </header>
      {error !== null && <ProblemBox error={error} again={again} />}
      <VirtualTable
        rows={jobs}
        columns={columnsOf(chosen, may ? toggle : null, {
          all: jobs.length > 0 && chosen.size >= jobs.length,
          choose: chooseAll,
        })}
        label="Jobs"
        keyOf={(job) => job.id}
        chosen={({ id }) => chosen.has(id)}
        onEnd={more}
        empty={loading ? 'Reading…' : 'No jobs here. switchyard run -- echo hello makes one.'}
      />
    </section>
  );
}

function columnsOf(
  chosen: ReadonlySet<number>,
  toggle: ((id: number) => void) | null,
  every: { readonly all: boolean; readonly choose: (on: boolean) => void },
): readonly Column<JobView>[] {
  const choose: Column<JobView> = {
    title: '',
    width: '1.2rem',
    head: (
      <input
        type="checkbox"
        aria-label="Choose all that are shown"
        checked={every.all}
        onChange={({ target }) => every.choose(target.checked)}
      />
    ),
    cell: ({ id }) => (
      <input type="checkbox" aria-label={`Choose job ${id}`} checked={chosen.has(id)} onChange={() => toggle?.(id)} />
    ),
  };
  return [...(toggle === null ? [] : [choose]), ...columns];
}

const columns: readonly Column<JobView>[] = [
  { title: 'id', width: '4rem', number: true, cell: ({ id }) => id },
  { title: 'name', width: 'minmax(6rem, 3fr)', cell: ({ id, name }) => <a href={hrefOf('job', [id])}>{name}</a> },
  { title: 'state', width: '6.5rem', cell: ({ state }) => <StateBadge state={state} /> },
  { title: 'tasks', width: 'minmax(3rem, 1fr)', cell: ({ counts, total }) => <CountBar counts={counts} total={total} /> },
  { title: 'kind', width: '7rem', spare: true, cell: ({ kind }) => kind },
  { title: 'owner', width: '7rem', spare: true, dim: true, cell: ({ owner }) => owner },
  { title: 'priority', width: '4rem', spare: true, number: true, cell: ({ priority }) => priority },
  { title: 'created', width: '11rem', spare: true, dim: true, cell: ({ createdAt }) => timeText(createdAt) },
];

/** Actions on all chosen jobs; each is told apart when it fails. */
function Chosen({ jobs, done }: { jobs: readonly JobView[]; done: () => void }) {
  const { client } = useYard();
  const open = jobs.filter(({ state }) => !finalStates.includes(state));
  const all = async (which: readonly JobView[], act: (id: number) => Promise<unknown>, word: string): Promise<string> => {
    const settled = await Promise.allSettled(which.map(({ id }) => act(id)));
    const bad = settled.filter(({ status }) => status === 'rejected').length;
    done();
    return `${settled.length - bad} ${word}${bad > 0 ? `, ${bad} refused` : ''}`;
  };
  return (
    <>
      <span>{jobs.length} chosen</span>
      <Action run={() => all(open, (id) => client.jobs.hold(id), 'held')}>Hold</Action>
      <Action run={() => all(open, (id) => client.jobs.release(id), 'released')}>Release</Action>
      <Action run={() => all(jobs, (id) => client.jobs.retry(id), 'tried again')}>Retry</Action>
      <Action
        look="danger"
        ask={`Cancel ${open.length} jobs and stop what runs of them?`}
        run={() => all(open, (id) => client.jobs.cancel(id, { kill: true }), 'canceled')}
      >
        Cancel
      </Action>
      <Action
        look="danger"
        ask={`Delete ${jobs.length} jobs with their output?`}
        run={() => all(jobs, (id) => client.jobs.delete(id), 'deleted')}
      >
        Delete
      </Action>
    </>
  );
}
