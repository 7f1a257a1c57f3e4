import type { Temperatures } from '../marlin/temperatures.ts';
import type { View } from '../marlin/view.ts';

/** Who a printer is, for the server. */
export interface PrinterFacts {
  readonly uuid: string;
  readonly identifier: string;
  readonly adapter: 'SERIAL' | 'VIRTUAL';
  readonly interface: string;
}

export interface ReportedJob {
  readonly uuid: string;
  readonly file: string;
  readonly name: string;
  readonly size: number;
  readonly state: 'starting' | 'printing' | 'pausing' | 'paused' | 'cancelling';
  /** Bytes. */
  readonly offset: number;
  readonly message: string | null;
  readonly elapsedS: number;
  readonly remainingS: number | null;
}

/** `printer_status` (printerlynx §3.2, §3.4): without a printer that answers, exactly the keys that the protocol shows. */
export function statusData(printer: PrinterFacts, view: View, job: ReportedJob | null): Record<string, unknown> {
  const who = { printer_uuid: printer.uuid, printer_identifier: printer.identifier };
  if (view.status === 'unavailable') return { ...who, status: 'unavailable' };
  return {
    ...who,
    printer_adapter_identifier: printer.adapter,
    printer_adapter_interface: printer.interface,
    status: job === null ? view.status : 'busy',
    job: job === null ? null : jobData(job),
    state: { temperature: five(view.temperatures, 'actual'), target: five(view.temperatures, 'target') },
    ...(view.lastError === null ? {} : { last_error: view.lastError }),
  };
}

function jobData(job: ReportedJob): Record<string, unknown> {
  return {
    print_file_uuid: job.file,
    name: job.name,
    size: job.size,
    progress: job.size === 0 ? 0 : Math.min(1, job.offset / job.size),
    job_uuid: job.uuid,
    state: job.state,
    elapsed_s: job.elapsedS,
    ...(job.remainingS === null ? {} : { remaining_s: job.remainingS }),
    ...(job.message === null ? {} : { message: job.message }),
  };
}

const shown = ['bed', 'tool0', 'tool1', 'tool2', 'tool3'] as const;

function five(temperatures: Temperatures, which: 'actual' | 'target'): Record<string, number> {
  return Object.fromEntries(shown.map((heater) => [heater, Math.round((temperatures[heater]?.[which] ?? 0) * 10) / 10]));
}

/** What must be told at once when it changes; the rest may wait for its second (printerlynx §5.3). */
export function urgentPart(view: View, job: ReportedJob | null): string {
  return [view.status, job?.uuid, job?.state, job?.message, view.lastError].join('\n');
}
