import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { SleepRequest, SleepView } from '@switchyard/sdk/sleep-schedule.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { timeText } from '../../words/time.ts';

type Day = NonNullable<SleepRequest['days']>[number];
const days: readonly Day[] = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'];

/** When the worker sleeps: said in words, and changed by those who may. */
export function Sleep({ worker }: { worker: number }) {
  const { client } = useYard();
  const may = useMay('worker:control');
  const sleep = useQuery({
    queryKey: ['worker', worker, 'sleep'],
    queryFn: async () => {
      try {
        return await client.workers.sleep(worker);
      } catch (error) {
        if (error instanceof ApiError && error.code === 'not_found') return null;
        throw error;
      }
    },
  });
  if (sleep.error !== null) return <ProblemBox error={sleep.error} />;
  if (sleep.data === undefined) return <p className="dim">Reading…</p>;
  const schedule = sleep.data;
  const set = async (next: SleepRequest | null, said: string): Promise<string> => {
    await client.workers.setSleep(worker, next);
    await sleep.refetch();
    return said;
  };
  return (
    <>
      <p>{schedule === null ? 'It has no sleep schedule.' : scheduleText(schedule)}</p>
      {may && <SleepForm key={JSON.stringify(schedule)} schedule={schedule} set={set} />}
    </>
  );
}

function scheduleText({ active, days: on, start, end, zone, nextCheck }: SleepView): string {
  const when = `${on.length === 0 || on.length === 7 ? 'every day' : on.join(', ')} from ${start ?? '00:00'} to ${end ?? '24:00'} (${zone})`;
  if (!active) return `Switched off: ${when}.`;
  return `Sleeps ${when}.${nextCheck === null ? '' : ` Looked at next: ${timeText(nextCheck)}.`}`;
}

function SleepForm({
  schedule,
  set,
}: {
  schedule: SleepView | null;
  set: (next: SleepRequest | null, said: string) => Promise<string>;
}) {
  const [active, setActive] = useState(schedule?.active ?? true);
  const [on, setOn] = useState<ReadonlySet<string>>(new Set(schedule?.days ?? days.slice(0, 5)));
  const [start, setStart] = useState(schedule?.start ?? '22:00');
  const [end, setEnd] = useState(schedule?.end ?? '06:00');
  const [zone, setZone] = useState(schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const toggle = (day: Day): void => {
    const next = new Set(on);
    if (!next.delete(day)) next.add(day);
    setOn(next);
  };
  const wanted: SleepRequest = {
    active,
    days: days.filter((day) => on.has(day)),
    ...(start === '' ? {} : { start }),
    ...(end === '' ? {} : { end }),
    ...(zone === '' ? {} : { zone }),
  };
  return (
    <div className="bar">
      {days.map((day) => (
        <label key={day} className="check">
          <input type="checkbox" checked={on.has(day)} onChange={() => toggle(day)} /> {day}
        </label>
      ))}
      <input type="time" aria-label="Sleeps from" value={start} onChange={({ target }) => setStart(target.value)} />
      <input type="time" aria-label="Sleeps until" value={end} onChange={({ target }) => setEnd(target.value)} />
      <input aria-label="Time zone" placeholder="time zone" value={zone} onChange={({ target }) => setZone(target.value)} />
      <label className="check">
        <input type="checkbox" checked={active} onChange={({ target }) => setActive(target.checked)} /> switched on
      </label>
      <Action look="main" run={() => set(wanted, 'Its sleep is set')}>
        Set sleep
      </Action>
      {schedule !== null && (
        <Action look="danger" run={() => set(null, 'It has no sleep schedule any more')}>
          Remove
        </Action>
      )}
    </div>
  );
}
