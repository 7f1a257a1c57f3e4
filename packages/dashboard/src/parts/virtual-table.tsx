import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';

export interface Column<T> {
  readonly title: string;
  /** A track of a CSS grid: `5rem`, `minmax(8rem, 2fr)`. */
  readonly width: string;
  readonly cell: (row: T) => ReactNode;
  readonly number?: boolean;
  readonly dim?: boolean;
  /** Not shown on a phone. */
  readonly spare?: boolean;
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
  const style = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
  return (
    <table className="rows" aria-label={label} aria-rowcount={rows.length}>
      <thead>
        <tr style={style}>
          {columns.map(({ title, number }) => (
            <th key={title} scope="col" className={number === true ? 'number' : undefined}>
              {title}
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
              style={{ ...style, transform: `translateY(${item.start}px)`, height: rowHeight }}
              aria-rowindex={item.index + 1}
            >
              {columns.map(({ title, cell, number, dim }) => (
                <td key={title} className={[number === true && 'number', dim === true && 'dim'].filter(Boolean).join(' ')}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
