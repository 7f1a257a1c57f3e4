import { besides, canKeep, givesWay, type Reservation, type Standing, toKeepFor, tooLargeNow } from '../../domain/backfill.ts';
import type { TaskId, WorkerId } from '../../domain/ids.ts';
import { type Amounts, fitsIn, minus, nothing } from '../../domain/needs.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { poolsHaveRoom } from '../../domain/scheduling.ts';
import { roomOf, type Worker } from '../../domain/worker.ts';
import type { Head, ReadRequest } from '../../ports/store.ts';
import { rateHasRoom } from './claimable.ts';
import type { Draft } from './draft.ts';

export type Reserved = { readonly row: Reservation; readonly worker: Worker | null };

/** What one worker is kept for, in one claim. */
export interface Keeping {
  /** Null: for nothing. */
  readonly row: Reservation | null;
  /** To be written: made by this claim. */
  readonly fresh: boolean;
  /** It was kept for something that does not stand there any more. */
  readonly stale: boolean;
  /** Whether this may begin, by what is left beside the task; takes it off. */
  admits(head: Head, amounts: Amounts): boolean;
}

/** Of what could begin but for the worker's room. */
export function largeFor(draft: Draft, worker: Worker, open: readonly InternedClass[]): InternedClass[] {
  const large = tooLargeNow(worker, open);
  return large.filter(({ spec }) => poolsHaveRoom(spec, draft.pools) && rateHasRoom(spec, draft));
}

/** What was begun on the worker since it is kept: read with the heads. */
export function sinceRequest(
  reserved: readonly Reserved[],
  worker: Worker,
): Extract<ReadRequest, { read: 'begunSince' }> | undefined {
  const mine = reserved.find(({ row }) => row.worker === worker.id);
  return mine === undefined ? undefined : { read: 'begunSince', of: { worker: worker.id, since: mine.row.at } };
}

export function standingOf(head: Head): Standing {
  if ('task' in head) {
    const { id, jobPriority, priority, createdAt } = head.task;
    return { id, class: head.class, jobPriority, priority, createdAt };
  }
  const { id, next, jobPriority, priority, createdAt } = head.array;
  return { id: id + next, class: head.class, jobPriority, priority, createdAt };
}

interface Seen {
  readonly heads: readonly Head[];
  /** Classes that are too large at present. */
  readonly large: readonly InternedClass[];
  readonly reserved: readonly Reserved[];
  readonly begunSince: Amounts | undefined;
  readonly afterMs: number;
}

const free: Keeping = { row: null, fresh: false, stale: false, admits: () => true };

export function keepingFor(draft: Draft, worker: Worker, seen: Seen): Keeping {
  if (seen.large.length === 0 && seen.reserved.length === 0) return free;
  const known = seen.reserved.find(({ row }) => row.worker === worker.id)?.row ?? null;
  const places = seen.heads.map(standingOf);
  const stands = known !== null && places.some(({ id, class: of }) => id === known.task && of === known.class);
  const row = stands ? known : freshRow(draft, worker, places, seen);
  let beside = row === null ? nothing : besides(row, worker, stands ? (seen.begunSince ?? nothing) : nothing);
  return {
    row,
    fresh: row !== null && !stands,
    stale: known !== null && !stands,
    admits(head, amounts) {
      if (row === null || !givesWay(row, standingOf(head))) return true;
      // Once there is room for both, nobody has to give way.
      if (!fitsIn(amounts, beside)) return false;
      beside = minus(beside, amounts);
      return true;
    },
  };
}

function freshRow(draft: Draft, worker: Worker, places: readonly Standing[], seen: Seen): Reservation | null {
  const large = new Set(seen.large.map(({ id }) => id));
  const elsewhere = seen.reserved.filter((one) => one.row.worker !== worker.id && canKeep(one.worker));
  const taken = new Set<TaskId>(elsewhere.map(({ row }) => row.task));
  const [mine, others] = [places.filter((one) => large.has(one.class)), places.filter((one) => !large.has(one.class))];
  const found = toKeepFor(mine, others, taken, draft.now, seen.afterMs);
  if (found === null) return null;
  const { id: task, class: of, jobPriority, priority } = found;
  const { amounts } = draft.class(of).spec;
  return { worker: worker.id, class: of, task, jobPriority, priority, amounts, at: draft.now };
}

/** After the choice: what is written, and who need not be kept any more. */
export function settleKeeping(
  draft: Draft,
  { row, fresh, stale }: Keeping,
  given: ReadonlySet<TaskId>,
  reserved: readonly Reserved[],
  me: WorkerId,
): void {
  const got = row !== null && given.has(row.task);
  if ((stale && !fresh) || (got && !fresh)) draft.write({ drop: 'reservation', worker: me });
  if (row !== null && fresh && !got) draft.write({ put: 'reservation', row });
  for (const other of reserved) {
    // Kept for the same, and away: when it is back, somebody else is kept in its place.
    if (row !== null && fresh && other.row.worker !== me && other.row.task === row.task) {
      draft.write({ drop: 'reservation', worker: other.row.worker });
    }
    // Somebody else was kept for what begins here.
    if (other.row.worker === me || !given.has(other.row.task)) continue;
    draft.write({ drop: 'reservation', worker: other.row.worker });
    draft.wakeWorker(other.row.worker);
  }
}

/** Whether a task that the worker was shown in advance would be in the way of what it is kept for. */
export function isInTheWay(
  reserved: readonly Reserved[],
  worker: Worker,
  task: { id: TaskId; jobPriority: number; priority: number },
  amounts: Amounts,
  begunSince: Amounts,
): boolean {
  const row = reserved.find((one) => one.row.worker === worker.id)?.row;
  if (row === undefined || !givesWay(row, task)) return false;
  const beside = besides(row, worker, begunSince);
  return !fitsIn(amounts, beside) || !fitsIn(amounts, roomOf(worker));
}
