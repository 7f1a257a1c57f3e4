import type { TaskDetail } from '@switchyard/sdk/task.ts';
import { useState } from 'react';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { DownloadLink } from '../../parts/download-link.tsx';
import { LogView } from '../../parts/log-view.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { hrefOf } from '../../route.ts';
import { bytesText } from '../../words/bytes.ts';
import { finalStates } from '../../words/states.ts';
import { timeText } from '../../words/time.ts';
import { SeriesCharts } from './series-charts.tsx';
import { tookText } from './task-columns.tsx';

const tabs = ['output', 'errors', 'worker log', 'series', 'attempts', 'artifacts', 'request'] as const;
type Tab = (typeof tabs)[number];
/** Its log is a table of numbers (sdk `oxdna.ts`; not imported, it would bring all its schemas along). */
const oxdnaKind = 'oxdna';
const streams = { output: 'out', errors: 'err', 'worker log': 'log' } as const;

/** Everything about one task, below the list of them. `alone`: the job has no other, and its own buttons do the same. */
export function TaskPanel({ id, alone }: { id: number; alone: boolean }) {
  const { client } = useYard();
  const [chosen, setChosen] = useState<Tab | null>(null);
  const [attempt, setAttempt] = useState<number | undefined>(undefined);
  const query = useLiveQuery({ key: ['task', id], read: () => client.tasks.show(id), touched: ({ tasks }) => tasks.has(id) });
  const task = query.data;
  if (task === undefined) return query.error === null ? null : <ProblemBox error={query.error} />;
  const tab = chosen ?? firstTab(task);
  return (
    <section className="panel" aria-label={`Task ${id}`}>
      <header className="bar">
        <h2>Task {id}</h2>
        <StateBadge state={task.state} />
        {task.worker !== null && (
          <span>
            on <a href={hrefOf('worker', [task.worker.id])}>{task.worker.name}</a>
          </span>
        )}
        <span className="dim">{task.error ?? task.text}</span>
        <span className="grow" />
        {!alone && <TaskActions task={task} />}
      </header>
      <div className="tabs" role="tablist">
        {tabs
          .filter((one) => one !== 'series' || task.kind === oxdnaKind)
          .map((one) => (
            <button key={one} type="button" role="tab" aria-selected={one === tab} onClick={() => setChosen(one)}>
              {one}
            </button>
          ))}
      </div>
      {(tab === 'output' || tab === 'errors' || tab === 'worker log') && (
        <LogView key={`${id}-${tab}-${attempt ?? task.attempt}`} task={id} stream={streams[tab]} attempt={attempt} />
      )}
      {tab === 'series' && <SeriesCharts task={task} />}
      {tab === 'attempts' && (
        <Attempts
          task={task}
          show={(number) => {
            setAttempt(number);
            setChosen('output');
          }}
        />
      )}
      {tab === 'artifacts' && <Artifacts task={task} />}
      {tab === 'request' && (
        <pre className="json">
          {JSON.stringify(
            { payload: task.payload, inputs: task.inputs, outputs: task.outputs, needs: task.needs, result: task.result },
            null,
            2,
          )}
        </pre>
      )}
    </section>
  );
}

/** Where there is something to read first. */
function firstTab({ logs, kind }: TaskDetail): Tab {
  if (kind === oxdnaKind) return 'series';
  if (logs.out > 0 || (logs.err === 0 && logs.log === 0)) return 'output';
  return logs.err > 0 ? 'errors' : 'worker log';
}

function Attempts({ task, show }: { task: TaskDetail; show: (attempt: number) => void }) {
  if (task.attempts.length === 0) return <p className="dim">It has not been tried yet.</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          {['attempt', 'worker', 'began', 'took', 'ended', 'said', ''].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {task.attempts.map((one) => (
          <tr key={one.number}>
            <td className="number">{one.number}</td>
            <td>{one.workerName}</td>
            <td>{timeText(one.startedAt)}</td>
            <td>{tookText(one)}</td>
            <td>{one.outcome ?? 'runs'}</td>
            <td>{one.error ?? [one.reason, one.exitCode ?? one.signal].filter((part) => part !== null).join(' ')}</td>
            <td>
              <button type="button" className="link" onClick={() => show(one.number)}>
                output
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Artifacts({ task }: { task: TaskDetail }) {
  if (task.artifacts.length === 0) return <p className="dim">It has left no files.</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">file</th>
          <th scope="col">size</th>
          <th scope="col">SHA-256</th>
          <th scope="col" aria-label="Download" />
        </tr>
      </thead>
      <tbody>
        {task.artifacts.map(({ path, size, blob }) => (
          <tr key={path}>
            <td>{path}</td>
            <td className="number">{bytesText(size)}</td>
            <td className="dim">
              <code>{blob.slice(0, 16)}…</code>
            </td>
            <td>
              <DownloadLink
                name={path.split('/').at(-1) ?? path}
                href={`/v1/tasks/${task.id}/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TaskActions({ task }: { task: TaskDetail }) {
  const { client } = useYard();
  if (!useMay('job:control')) return null;
  const { id, state, held } = task;
  const over = finalStates.includes(state);
  const act = (work: (task: number) => Promise<unknown>, done: string) => async (): Promise<string> => {
    await work(id);
    return `${done}: task ${id}`;
  };
  return (
    <>
      {!over && !held && (state === 'waiting' || state === 'ready') && (
        <Action run={act(client.tasks.hold, 'Held')}>Hold task</Action>
      )}
      {held && <Action run={act(client.tasks.release, 'Released')}>Release task</Action>}
      {state === 'running' && <Action run={act(client.tasks.suspend, 'Paused')}>Pause</Action>}
      {state === 'suspended' && <Action run={act(client.tasks.resume, 'Resumed')}>Resume</Action>}
      {over && state !== 'succeeded' && <Action run={act(client.tasks.retry, 'Trying again')}>Retry task</Action>}
      {!over && (
        <Action look="danger" run={act((one) => client.tasks.cancel(one, { kill: true }), 'Canceled')}>
          Cancel task
        </Action>
      )}
    </>
  );
}
