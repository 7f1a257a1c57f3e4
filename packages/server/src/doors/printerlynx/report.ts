import { compileCheck } from '@switchyard/sdk/check.ts';
import Type from 'typebox';
import { plainText } from '../kit/plain-text.ts';
import { readUuid } from './row.ts';

export const heaters = ['bed', 'tool0', 'tool1', 'tool2', 'tool3'] as const;
export type Degrees = Readonly<Record<(typeof heaters)[number], number>>;

export const jobStates = ['starting', 'printing', 'pausing', 'paused', 'cancelling'] as const;
export type JobStateWord = (typeof jobStates)[number];

/** What an agent says of a printer (printerlynx §3.2, §3.4). */
export interface Report {
  readonly printer: string;
  readonly identifier: string;
  readonly adapterIdentifier: string;
  readonly adapterInterface: string;
  readonly status: 'available' | 'unavailable' | 'busy';
  readonly job: ReportedJob | null;
  readonly actual: Degrees;
  readonly target: Degrees | null;
  readonly lastError: string | null;
}

export interface ReportedJob {
  readonly uuid: string | null;
  readonly file: string | null;
  readonly name: string;
  readonly size: number;
  /** 0 … 1. */
  readonly progress: number;
  /** Null: nothing that is known. */
  readonly state: JobStateWord | null;
  readonly message: string | null;
  readonly elapsedS: number | null;
  readonly remainingS: number | null;
}

const needed = compileCheck(
  Type.Object({ printer_uuid: Type.String(), printer_identifier: Type.String(), status: Type.String() }),
);

/** The report; or which field is missing. Bad values beside these are left out one by one and never passed on. */
export function readReport(data: Readonly<Record<string, unknown>>): Report | { readonly wrong: string } {
  const fault = needed(data);
  if (fault !== null) return { wrong: fault.at.split('/')[1] || 'data' };
  const printer = readUuid(data['printer_uuid']);
  if (printer === null) return { wrong: 'printer_uuid' };
  const status = String(data['status']).toLowerCase();
  if (status !== 'available' && status !== 'unavailable' && status !== 'busy') return { wrong: 'status' };
  const state = recordOf(data['state']);
  const target = recordOf(state?.['target']);
  return {
    printer,
    identifier: plainText(String(data['printer_identifier']), 255) || 'Printer',
    adapterIdentifier: textOf(data['printer_adapter_identifier'], 64) ?? '',
    adapterInterface: textOf(data['printer_adapter_interface'], 255) ?? '',
    status,
    job: status === 'busy' ? readJob(recordOf(data['job'])) : null,
    actual: degreesOf(recordOf(state?.['temperature'])),
    target: target === null ? null : degreesOf(target),
    lastError: textOf(data['last_error'], 500),
  };
}

function readJob(job: Readonly<Record<string, unknown>> | null): ReportedJob | null {
  if (job === null) return null;
  const state = jobStates.find((word) => word === job['state']) ?? null;
  const progress = numberOf(job['progress'], 0, 1);
  return {
    uuid: readUuid(job['job_uuid']),
    file: readUuid(job['print_file_uuid']),
    name: textOf(job['name'], 255) ?? '',
    size: numberOf(job['size'], 0, Number.MAX_SAFE_INTEGER) ?? 0,
    progress: progress ?? 0,
    state,
    message: textOf(job['message'], 500),
    elapsedS: numberOf(job['elapsed_s'], 0, 1e9),
    remainingS: numberOf(job['remaining_s'], 0, 1e9),
  };
}

function degreesOf(given: Readonly<Record<string, unknown>> | null): Degrees {
  return Object.fromEntries(heaters.map((heater) => [heater, numberOf(given?.[heater], -300, 2_000) ?? 0])) as Record<
    (typeof heaters)[number],
    number
  >;
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

const textOf = (value: unknown, length: number): string | null =>
  typeof value === 'string' && value !== '' ? plainText(value, length) : null;

const numberOf = (value: unknown, least: number, most: number): number | null =>
  typeof value === 'number' && value >= least && value <= most ? value : null;
