import { isLong } from './lines.ts';
import type { Job, Machine } from './machine.ts';
import { isHeating, type Temperatures } from './temperatures.ts';
import { inFlight } from './wire.ts';

/** What others may know of a printer. */
export interface View {
  readonly status: 'available' | 'unavailable' | 'busy';
  readonly job:
    | (Pick<Job, 'offset' | 'message' | 'pausedAt'> & { readonly state: Job['state']; readonly minutesLeft: number | null })
    | null;
  readonly temperatures: Temperatures;
  readonly lastError: string | null;
}

export function viewOf(machine: Machine): View {
  const { job, temperatures, lastError } = machine;
  return {
    status: statusOf(machine),
    job:
      job === null
        ? null
        : {
            state: shown(job.state),
            offset: job.offset,
            message: job.message,
            pausedAt: job.pausedAt,
            minutesLeft: job.modes.minutesLeft,
          },
    temperatures,
    lastError,
  };
}

/** The protocol has no word for the way back; it is not printing yet. */
const shown = (state: Job['state']): Job['state'] => (state === 'resuming' ? 'paused' : state);

function statusOf(machine: Machine): View['status'] {
  if (machine.life.is !== 'ready') return 'unavailable';
  return machine.job !== null || atWork(machine) ? 'busy' : 'available';
}

/** Without a job: a long command, or heating (printerlynx §3.2). */
function atWork({ wire, temperatures }: Machine): boolean {
  const line = inFlight(wire);
  return isHeating(temperatures) || (line !== undefined && isLong(line.text));
}
