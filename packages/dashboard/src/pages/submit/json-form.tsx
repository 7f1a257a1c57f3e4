import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { KindView } from '@switchyard/sdk/system.ts';
import { useState } from 'react';
import { useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { go, hrefOf } from '../../route.ts';
import { quoted } from '../../words/command-line.ts';
import { type Field, fieldsOf, specOf } from './schema-fields.ts';

/** A form made from the kind's own schema: whatever kinds the server has, they can be submitted. */
export function JsonForm({ kind }: { kind: KindView }) {
  const { client } = useYard();
  const fields = fieldsOf(kind.schema);
  const [name, setName] = useState('');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const made = specOf(fields, values);
  const request = 'spec' in made ? { kind: kind.name, ...(name === '' ? {} : { name }), spec: made.spec } : null;
  const submit = async (): Promise<string | undefined> => {
    if (request === null) return undefined;
    const { job } = await client.jobs.submit(request satisfies JobRequest);
    go(hrefOf('job', [job.id]));
    return `Submitted: job ${job.id}`;
  };
  return (
    <form className="form" onSubmit={(event) => event.preventDefault()}>
      <p className="wide dim">{kind.summary}</p>
      <label>
        name
        <input value={name} onChange={({ target }) => setName(target.value)} />
      </label>
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name] ?? ''}
          set={(value) => setValues((now) => ({ ...now, [field.name]: value }))}
        />
      ))}
      <div className="wide">
        {'problem' in made ? (
          <p className="dim">{made.problem}</p>
        ) : (
          <pre className="json">{`echo ${quoted(JSON.stringify(request))} | switchyard submit -f -`}</pre>
        )}
      </div>
      <Action look="main" disabled={request === null} run={submit}>
        Submit
      </Action>
    </form>
  );
}

function FieldInput({ field, value, set }: { field: Field; value: string; set: (value: string) => void }) {
  const { name, type, required, hint, choices } = field;
  const title = required ? `${name} *` : name;
  if (choices !== null) {
    return (
      <label>
        {title}
        <select value={value} onChange={({ target }) => set(target.value)}>
          <option value="" />
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      </label>
    );
  }
  if (type === 'json' || type === 'lines') {
    return (
      <label className="wide">
        {title}
        <textarea
          rows={type === 'json' ? 4 : 2}
          value={value}
          placeholder={hint}
          spellCheck={false}
          onChange={({ target }) => set(target.value)}
        />
      </label>
    );
  }
  return (
    <label>
      {title}
      <input
        type={type === 'number' ? 'number' : 'text'}
        step="any"
        value={value}
        placeholder={hint}
        spellCheck={false}
        onChange={({ target }) => set(target.value)}
      />
    </label>
  );
}
