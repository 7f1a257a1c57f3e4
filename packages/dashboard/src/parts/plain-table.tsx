import type { ReactNode } from 'react';

export interface PlainColumn<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  readonly number?: boolean;
  readonly dim?: boolean;
}

/** A short table: all its rows are in the page. */
export function PlainTable<T>({
  rows,
  columns,
  keyOf,
  empty,
}: {
  rows: readonly T[];
  columns: readonly PlainColumn<T>[];
  keyOf: (row: T) => string | number;
  empty: string;
}) {
  if (rows.length === 0) return <p className="dim">{empty}</p>;
  return (
    <div className="scroll">
      <table className="plain">
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, number, dim }) => (
                <td key={title} className={[number === true && 'number', dim === true && 'dim'].filter(Boolean).join(' ')}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
