import type { PrintPayload } from '@switchyard/sdk/print.ts';
import type { AttemptNumber, TaskId } from '../../domain/ids.ts';
import type { JobStateWord, Report } from './report.ts';

/** A print on its way: from the moment that an attempt exists. */
export interface ActivePrint {
  readonly task: TaskId;
  readonly attempt: AttemptNumber;
  readonly uuid: string;
  readonly payload: PrintPayload;
  /** As reported last; never falls. */
  progress: number;
  state: JobStateWord;
  /** The last word that went to the agent: it is to pause. */
  paused: boolean;
  /** The agent has ended it, or is about to; nothing more is to be told to it. */
  over: boolean;
  /** It has heated up, and has given back its place among those that do. */
  hot: boolean;
  /** By `M112`. */
  stopped: boolean;
  /** The agent is known to have had it: a report without it means something. */
  had: boolean;
  /** Since when reports come without it, monotonic ms; null: they have it. */
  missedSince: number | null;
  /** The first report of a connection could not tell. */
  deferred: boolean;
}

/** An agent that was killed says `unavailable` until it knows that the printer is cold, and only then how the print ended. */
const unavailableMs = 300_000;
/** `FINISHED` may come behind the report that has no job any more. */
const finishedMs = 30_000;

/** What a report tells of the print that should be there. `first`: of a connection, which decides (printerlynx §5.1). */
export function fateOf(job: ActivePrint, report: Report, now: number, first: boolean): 'here' | 'unclear' | 'lost' {
  if (report.job?.uuid === job.uuid) {
    job.had = true;
    job.missedSince = null;
    return 'here';
  }
  if (!job.had) return 'unclear';
  const since = job.missedSince;
  job.missedSince ??= now;
  if (first) job.deferred = report.status === 'unavailable';
  if (report.status === 'unavailable') return since !== null && now - since >= unavailableMs ? 'lost' : 'unclear';
  // It was unclear since a connection began, and now the printer answers.
  if (first || job.deferred) return 'lost';
  return since !== null && now - since >= finishedMs ? 'lost' : 'unclear';
}
