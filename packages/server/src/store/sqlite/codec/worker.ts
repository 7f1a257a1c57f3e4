import type { Amounts } from '../../../domain/needs.ts';
import type { Wanted, Worker, WorkerGate, WorkerMode, WorkerProfile } from '../../../domain/worker.ts';
import { wordOf, workerStatus } from '../codes.ts';
import type { Cell, Cells } from '../database.ts';
import { textOrNull, valueOrNull } from './json.ts';

export const workerColumns = [
  'id',
  'name',
  'key',
  'owner',
  'status',
  'mode',
  'session',
  'holding',
  'picky',
  'used',
  'reported',
  'wanted',
  'profile',
  'info',
  'created_at',
  'seen_at',
] as const;

/** What changes seldom: one text. */
interface Described {
  readonly profile: WorkerProfile;
  readonly kinds: readonly string[];
  readonly tags: readonly string[];
  readonly total: Amounts;
  /** Absent: none. */
  readonly gate?: WorkerGate;
}

function describedText(worker: Worker): string {
  const { profile, kinds, tags, total, gate } = worker;
  return JSON.stringify({ profile, kinds, tags, total, ...(gate === 'none' ? {} : { gate }) } satisfies Described);
}

export function encodeWorker(worker: Worker): Cell[] {
  return [
    worker.id,
    worker.name,
    worker.key,
    worker.owner,
    workerStatus.code[worker.status],
    worker.mode,
    worker.session,
    worker.holding,
    worker.picky ? 1 : 0,
    JSON.stringify(worker.used),
    textOrNull(worker.reported),
    textOrNull(worker.wanted),
    describedText(worker),
    JSON.stringify(worker.info),
    worker.createdAt,
    worker.seenAt,
  ];
}

export function decodeWorker(cells: Cells): Worker {
  const { profile, kinds, tags, total, gate = 'none' } = JSON.parse(cells[12] as string) as Described;
  return {
    id: cells[0] as number,
    name: cells[1] as string,
    key: cells[2] as string | null,
    owner: cells[3] as string,
    profile,
    kinds,
    tags,
    total,
    used: JSON.parse(cells[9] as string) as Amounts,
    reported: valueOrNull<Amounts>(cells[10]),
    status: wordOf(workerStatus, cells[4]),
    mode: cells[5] as WorkerMode,
    wanted: valueOrNull<Wanted>(cells[11]),
    gate,
    session: cells[6] as number,
    holding: cells[7] as number,
    picky: cells[8] === 1,
    info: JSON.parse(cells[13] as string) as Record<string, unknown>,
    createdAt: cells[14] as number,
    seenAt: cells[15] as number,
  };
}
