import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';

/** Past every queue, at once, without a question: the server writes it down afterwards. */
export function StopButton({ printer: { id, name } }: { printer: PrinterView }) {
  const { client } = useYard();
  if (!useMay('print')) return null;
  return (
    <Action
      look="stop"
      title={`Emergency stop of ${name}: it halts at once and must be switched off and on`}
      run={async () => {
        await client.printers.stop(id);
        return `${name} is told to stop at once`;
      }}
    >
      Emergency stop
    </Action>
  );
}

/** What may be done to a printer in its present state. */
export function PrinterActions({ printer: { id, name, state, gate, maintenance } }: { printer: PrinterView }) {
  const { client } = useYard();
  if (!useMay('print')) return null;
  const act = (work: (printer: number) => Promise<unknown>, said: string) => async (): Promise<string> => {
    await work(id);
    return `${name}: ${said}`;
  };
  const { pause, resume, cancel, clear, setMaintenance } = client.printers;
  return (
    <>
      {gate === 'closed' && (
        <Action look="main" run={act((printer) => clear(printer), 'the plate is clear')}>
          Plate is clear
        </Action>
      )}
      {gate === 'open' && state === 'ready' && (
        <Action run={act((printer) => clear(printer, false), 'the plate is not clear')}>Plate is not clear</Action>
      )}
      {state === 'printing' && <Action run={act(pause, 'pauses')}>Pause</Action>}
      {state === 'paused' && <Action run={act(resume, 'goes on')}>Resume</Action>}
      {['starting', 'printing', 'pausing', 'paused'].includes(state) && (
        <Action look="danger" ask={`Cancel the print on ${name}?`} run={act(cancel, 'the print is canceled')}>
          Cancel
        </Action>
      )}
      <Action
        run={act((printer) => setMaintenance(printer, !maintenance), maintenance ? 'takes prints again' : 'in maintenance')}
      >
        {maintenance ? 'End maintenance' : 'Maintenance'}
      </Action>
    </>
  );
}
