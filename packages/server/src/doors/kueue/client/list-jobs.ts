import type { Task, TaskStateName } from '../../../domain/task.ts';
import { encodeListHead, encodeListTail } from '../encode.ts';
import type { ListJobs } from '../messages.ts';
import { jobInfoOf } from '../translate.ts';
import { facesOf } from './faces.ts';
import type { Asking, Reply } from './reply.ts';
import { totalsOf } from './totals.ts';

type Flags = Omit<ListJobs, 'num_jobs'>;
type Shown = Awaited<ReturnType<Asking['desk']['engine']['query']['tasks']>>[number];

const pageRows = 500;

/** Our states behind each of the six flags (DESIGN section 8). What is stopping shows as canceled or as running. */
const statesOf: Readonly<Record<keyof Flags, readonly TaskStateName[]>> = {
  pending: ['waiting', 'ready'],
  offered: ['offered'],
  running: ['running', 'suspended', 'stopping'],
  succeeded: ['succeeded'],
  failed: ['failed'],
  canceled: ['canceled', 'stopping'],
};

/** No flag: no filter (kueue §5). */
function filterOf(flags: Flags): { states: readonly TaskStateName[] | null; accepts: (task: Task) => boolean } {
  const wanted = (Object.keys(statesOf) as (keyof Flags)[]).filter((name) => flags[name]);
  if (wanted.length === 0) return { states: null, accepts: () => true };
  const states = [...new Set(wanted.flatMap((name) => statesOf[name]))];
  const accepts = ({ state }: Task): boolean =>
    state.state !== 'stopping' || (state.goal === 'canceled' ? flags.canceled : flags.running);
  return { states, accepts };
}

/** Filter first, then the last `num_jobs`, ascending; totals over all (kueue §5, §6.10). */
export async function listJobs(asking: Asking, body: ListJobs): Promise<Reply> {
  const { limits } = asking.desk;
  const { num_jobs, ...flags } = body;
  // A number beyond 2^53 means all (kueue §2.1: rows - 4 has wrapped).
  const wanted = Number.isSafeInteger(num_jobs) ? Math.min(num_jobs, limits.listedJobs) : limits.listedJobs;
  return { pieces: pieces(asking, await newest(asking, flags, wanted)) };
}

/** Ascending. Pages from the newest backwards until there are enough. */
async function newest({ desk, by }: Asking, flags: Flags, wanted: number): Promise<Shown[]> {
  const { states, accepts } = filterOf(flags);
  const found: Shown[] = [];
  let cursor: number | null = null;
  while (found.length < wanted) {
    const page: Shown[] = await desk.engine.query.tasks(
      by,
      { kinds: ['shell'], ...(states === null ? {} : { states }) },
      { limit: Math.min(pageRows, Math.max(1, wanted - found.length)), cursor, order: 'desc' },
    );
    const last = page.at(-1);
    if (last === undefined) break;
    cursor = last.task.id;
    for (const shown of page) if (accepts(shown.task)) found.push(shown);
  }
  return found.slice(0, wanted).reverse();
}

async function* pieces({ desk, by }: Asking, shown: readonly Shown[]): AsyncIterable<string> {
  yield encodeListHead;
  for (let from = 0; from < shown.length; from += pageRows) {
    const faces = await facesOf(desk, by, shown.slice(from, from + pageRows));
    const text = faces.map((face) => JSON.stringify(jobInfoOf(face, desk.limits.listedCommandLength))).join(',');
    yield from === 0 || text === '' ? text : `,${text}`;
  }
  yield encodeListTail(await totalsOf(desk, by));
}
