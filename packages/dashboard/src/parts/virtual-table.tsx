import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type ReactNode, useEffect, useRef } from 'react';

export interface Column<T> {
  readonly title: string;
  /** A track of a CSS grid: `5rem`, `minmax(8rem, 2fr)`. */
  readonly width: string;
  readonly cell: (row: T) => ReactNode;
  readonly number?: boolean;
  readonly dim?: boolean;
  /** Not shown on a phone. */
  readonly spare?: boolean;
  /** In place of the title. */
  readonly head?: ReactNode;
}

type Look = Pick<Column<never>, 'number' | 'dim' | 'spare'>;

const classOf = ({ number, dim, spare }: Look): string =>
  [number === true && 'number', dim === true && 'dim', spare === true && 'spare'].filter(Boolean).join(' ');

/** The widths as the style sheet takes them, for a wide screen and for a phone. */
function tracksOf(columns: readonly (Look & { readonly width: string })[]): CSSProperties {
  const join = (all: typeof columns): string => all.map(({ width }) => width).join(' ');
  const tracks = { '--tracks': join(columns), '--tracks-phone': join(columns.filter(({ spare }) => spare !== true)) };
  return tracks as CSSProperties;
}

interface Props<T> {
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly label: string;
  readonly rowHeight?: number;
  readonly keyOf: (row: T) => string | number;
  readonly chosen?: ((row: T) => boolean) | undefined;
  /** Called when the end comes into view and there is more to load. */
  readonly onEnd?: (() => void) | undefined;
  readonly empty?: ReactNode;
}

/** A table of which only the rows in view exist in the page, however many there are. */
export function VirtualTable<T>({ rows, columns, label, rowHeight = 34, keyOf, chosen, onEnd, empty }: Props<T>) {
  const box = useRef<HTMLTableSectionElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
  return (
    <table className="rows" style={tracksOf(columns)} aria-label={label} aria-rowcount={rows.length}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" className={classOf({ ...column, dim: false })}>
              {column.head ?? column.title}
            </th>
          ))}
        </tr>
      </thead>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled with the keyboard. */}
      <tbody ref={box} tabIndex={0}>
        {rows.length === 0 && (
          <tr className="empty">
            <td>{empty}</td>
          </tr>
        )}
        {/* Keeps the scroll bar as long as all rows would be. */}
        <tr className="rows-length" style={{ height: virtual.getTotalSize() }} />
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <tr
              key={item.key}
              className={chosen?.(row) === true ? 'rows-row chosen' : 'rows-row'}
              style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
              aria-rowindex={item.index + 1}
            >
              {columns.map((column) => (
                <td key={column.title} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
