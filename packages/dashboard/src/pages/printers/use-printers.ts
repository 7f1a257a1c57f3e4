import type { PrinterView } from '@switchyard/sdk/printer.ts';
import type { UseQueryResult } from '@tanstack/react-query';
import { useLiveQuery } from '../../data/use-live-query.ts';
import { useYard } from '../../data/yard.tsx';

/** All printers, read again when one of them shows something new. */
export function usePrinters(): UseQueryResult<readonly PrinterView[]> {
  const { client } = useYard();
  return useLiveQuery({
    key: ['printers'],
    read: () => client.printers.list(),
    touched: ({ reports, workers }) => reports.size + workers.size > 0,
  });
}

export function usePrinter(id: number): UseQueryResult<PrinterView> {
  const { client } = useYard();
  return useLiveQuery({
    key: ['printer', id],
    read: () => client.printers.show(id),
    touched: ({ reports, workers }) => reports.has(id) || workers.has(id),
  });
}
