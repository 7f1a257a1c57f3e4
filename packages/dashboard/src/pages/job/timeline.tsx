import type { TaskView } from '@switchyard/sdk/task.ts';
import { hrefOf } from '../../route.ts';
import { lookOf } from '../../words/states.ts';
import { durationText } from '../../words/time.ts';

/** When each task ran, one lane per worker: where time went, and what waited for what. */
export function Timeline({ tasks, now }: { tasks: readonly TaskView[]; now: number }) {
  const ran = tasks.flatMap((task) => {
    // One that was handed back has begun once, and waits again.
    if (task.startedAt === null || (task.endedAt === null && !running.has(task.state))) return [];
    const from = Date.parse(task.startedAt);
    return [{ task, from, to: task.endedAt === null ? now : Date.parse(task.endedAt), lane: task.worker?.name ?? 'ended' }];
  });
  if (ran.length === 0) return <p className="dim">Nothing has run yet.</p>;
  const start = Math.min(...ran.map(({ from }) => from));
  const span = Math.max(1, Math.max(...ran.map(({ to }) => to)) - start);
  const lanes = pack(ran);
  const height = lanes.length * 18;
  return (
    <figure className="timeline">
      <svg viewBox={`0 0 1000 ${height}`} preserveAspectRatio="none" style={{ height }} role="img">
        <title>When each task ran</title>
        {lanes.map((lane, row) =>
          lane.map(({ task, from, to }) => (
            <a key={task.id} href={hrefOf('job', [task.job, task.id])}>
              <rect
                className={`mark ${lookOf(task.state)}`}
                x={((from - start) / span) * 1_000}
                y={row * 18}
                width={Math.max(1.5, ((to - from) / span) * 1_000)}
                height={15}
                rx={2}
              >
                <title>{`${task.key ?? task.id}: ${task.state}, ${durationText(to - from)}`}</title>
              </rect>
            </a>
          )),
        )}
      </svg>
      <figcaption className="dim">
        <span>0</span>
        <span>{durationText(span)}</span>
      </figcaption>
    </figure>
  );
}

const running: ReadonlySet<string> = new Set(['running', 'suspended', 'stopping']);

interface Ran {
  readonly task: TaskView;
  readonly from: number;
  readonly to: number;
}

const mostLanes = 24;

/** Each into the first lane that is free when it began. */
function pack(ran: readonly Ran[]): Ran[][] {
  const lanes: Ran[][] = [];
  for (const one of [...ran].sort((a, b) => a.from - b.from)) {
    const lane = lanes.find((taken) => (taken.at(-1)?.to ?? 0) <= one.from);
    if (lane !== undefined) lane.push(one);
    else if (lanes.length < mostLanes) lanes.push([one]);
    else lanes.at(-1)?.push(one);
  }
  return lanes;
}
