import type { PrinterLive } from '@switchyard/sdk/printer.ts';
import type { Printer } from './printer.ts';
import { heaters } from './report.ts';

/** What a printer shows of itself, for the other doors; null: its agent is away. */
export function liveOf({ online, status, report, job }: Printer): PrinterLive | null {
  if (!online || report === null) return null;
  const { actual, target, lastError } = report;
  const told = report.job?.uuid === job?.uuid ? report.job : null;
  return {
    status,
    heaters: Object.fromEntries(
      // Printers have one tool mostly: what is cold and never asked for is not there.
      heaters
        .filter((name) => name === 'bed' || name === 'tool0' || actual[name] !== 0)
        .map((name) => [name, { actual: actual[name], target: target?.[name] ?? null }]),
    ),
    lastError,
    job:
      job === null
        ? null
        : {
            ...{ task: job.task, state: job.state, progress: job.progress },
            ...{ elapsedS: told?.elapsedS ?? null, remainingS: told?.remainingS ?? null, message: told?.message ?? null },
          },
  };
}

/** Everything that is to be hot has been reached: a tool is among it. */
export function isHot({ actual, target }: { actual: Heat; target: Heat | null }): boolean {
  if (target === null) return false;
  const wanted = heaters.filter((name) => target[name] > 0);
  return wanted.some((name) => name !== 'bed') && wanted.every((name) => actual[name] >= target[name] - nearly);
}

type Heat = Readonly<Record<(typeof heaters)[number], number>>;
/** Degrees; Marlin's own window is 3. */
const nearly = 5;
