import { useState } from 'react';
import { useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { go, hrefOf } from '../../route.ts';
import { emptyFields, type ShellFields, shellRequest } from './shell-request.ts';

const rows: readonly {
  readonly field: Exclude<keyof ShellFields, 'hold' | 'command'>;
  readonly title: string;
  readonly hint: string;
}[] = [
  { field: 'name', title: 'Name', hint: 'the command, if left out' },
  { field: 'cwd', title: 'Folder', hint: 'absolute; a fresh one, if left out' },
  { field: 'array', title: 'Array', hint: '1-100: one task each, {item} in the command' },
  { field: 'priority', title: 'Priority', hint: '0; higher goes first' },
  { field: 'cpus', title: 'CPUs', hint: 'how many it needs' },
  { field: 'ramMb', title: 'Memory', hint: 'MiB' },
  { field: 'tags', title: 'Tags', hint: 'gpu, linux: of the worker' },
  { field: 'pools', title: 'Pools', hint: 'matlab=1' },
  { field: 'retries', title: 'Retries', hint: 'after failures' },
  { field: 'after', title: 'After jobs', hint: '12, 13: must have succeeded' },
];

/** A command or an array of it; below, the same for the command line. */
export function ShellForm() {
  const { client } = useYard();
  const [fields, setFields] = useState(emptyFields);
  const set = (change: Partial<ShellFields>): void => setFields((now) => ({ ...now, ...change }));
  const made = shellRequest(fields);
  const submit = async (): Promise<string | undefined> => {
    if ('problem' in made) return undefined;
    const { job } = await client.jobs.submit(made.request);
    go(hrefOf('job', [job.id]));
    return `Submitted: job ${job.id}`;
  };
  return (
    <form className="form" onSubmit={(event) => event.preventDefault()}>
      <label className="wide">
        Command
        <input
          value={fields.command}
          placeholder="./simulate --seed {item}"
          spellCheck={false}
          onChange={({ target }) => set({ command: target.value })}
        />
      </label>
      {rows.map(({ field, title, hint }) => (
        <label key={field}>
          {title}
          <input
            value={fields[field]}
            placeholder={hint}
            spellCheck={false}
            onChange={({ target }) => set({ [field]: target.value })}
          />
        </label>
      ))}
      <label className="check">
        <input type="checkbox" checked={fields.hold} onChange={({ target }) => set({ hold: target.checked })} /> hold it until it
        is released
      </label>
      <div className="wide">
        {'problem' in made ? (
          <p className={fields.command === '' ? 'dim' : 'problem'}>{made.problem}</p>
        ) : (
          <pre className="json">{made.command}</pre>
        )}
      </div>
      <Action look="main" disabled={'problem' in made} run={submit}>
        Submit
      </Action>
    </form>
  );
}
