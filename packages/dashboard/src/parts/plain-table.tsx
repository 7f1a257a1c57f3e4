import type { ReactNode } from 'react';

export interface PlainColumn<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  readonly number?: boolean;
  readonly dim?: boolean;
  /** Not shown on a phone. */
  readonly spare?: boolean;
}

const classOf = ({ number, dim, spare }: Pick<PlainColumn<never>, 'number' | 'dim' | 'spare'>): string =>
  [number === true && 'number', dim === true && 'dim', spare === true && 'spare'].filter(Boolean).join(' ');

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
            {columns.map((column) => (
              <th key={column.title} scope="col" className={column.spare === true ? 'spare' : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.title} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
