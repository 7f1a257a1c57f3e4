import { type KeyboardEvent, useState } from 'react';
import { nextFound } from './log-find.ts';

/** A field with next and previous. `show`: brings a line into view. */
export function LogSearch({
  search,
  found,
  set,
  show,
}: {
  search: string;
  found: readonly number[];
  set: (search: string) => void;
  show: (line: number) => void;
}) {
  const [at, setAt] = useState<number | null>(null);
  const step = (by: 1 | -1): void => {
    const next = nextFound(found, at, by);
    setAt(next);
    if (next !== null) show(next);
  };
  const press = ({ key, shiftKey }: KeyboardEvent): void => {
    if (key === 'Enter') step(shiftKey ? -1 : 1);
  };
  return (
    <>
      <input
        type="search"
        placeholder="Search in the output"
        aria-label="Search in the output"
        value={search}
        onChange={({ target }) => set(target.value)}
        onKeyDown={press}
      />
      {search !== '' && (
        <>
          <button type="button" aria-label="Previous" disabled={found.length === 0} onClick={() => step(-1)}>
            ↑
          </button>
          <button type="button" aria-label="Next" disabled={found.length === 0} onClick={() => step(1)}>
            ↓
          </button>
          <output className="dim">
            {at !== null && found.includes(at) && `${found.indexOf(at) + 1} of `}
            {found.length} found
          </output>
        </>
      )}
    </>
  );
}
