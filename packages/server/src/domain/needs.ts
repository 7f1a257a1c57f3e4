/** What a task needs of a worker, and what a worker has: whole numbers, MiB for memory. */
export interface Amounts {
  readonly slots: number;
  readonly cpus: number;
  readonly ramMb: number;
  /** Named resources counted per worker, such as `gpu`. A name that is absent counts 0. */
  readonly named: Readonly<Record<string, number>>;
}

type Named = Readonly<Record<string, number>>;

/** Names come from outside: `constructor` is a resource like any other, and absent unless somebody has it. */
export function amountOf(named: Named, name: string): number {
  return Object.hasOwn(named, name) ? (named[name] ?? 0) : 0;
}

/** A copy to write to, with names as keys and nothing else: `__proto__` is one of them. */
export function writable(named: Named): Record<string, number> {
  return Object.assign(Object.create(null) as Record<string, number>, named);
}

export const nothing: Amounts = { slots: 0, cpus: 0, ramMb: 0, named: {} };

/** What decides which worker may take a task. Interned: equal specs share one class id (see `classKey`). */
export interface ClassSpec {
  readonly kind: string;
  /** Sorted, without duplicates; the worker must have every one. */
  readonly tags: readonly string[];
  readonly amounts: Amounts;
  /** Server-wide counted resources: pool name -> amount. */
  readonly pools: Readonly<Record<string, number>>;
  /** Only this worker. */
  readonly pin: number | null;
  /** Set when the job has a blocklist of its own: then the claim reads the blocks of this job. */
  readonly blockJob: number | null;
  /** The owner (else the door session), while fairness is on. */
  readonly fair: string | null;
  /** So many under the key at once. */
  readonly limit?: LimitSpec;
  /** So many under the key begin within the interval. */
  readonly rate?: RateSpec;
}

/** The keys are made unique among owners when a job is taken in. */
export interface LimitSpec {
  readonly key: string;
  readonly max: number;
}
export interface RateSpec extends LimitSpec {
  readonly perMs: number;
}

function sortedRecord(record: Named): [string, number][] {
  return Object.entries(record)
    .filter(([, amount]) => amount > 0)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The canonical text of a class: two specs are the same class if and only if their keys are equal. */
export function classKey(spec: ClassSpec): string {
  const { amounts, limit, rate } = spec;
  const bounds = limit === undefined && rate === undefined ? [] : [limit ?? null, rate ?? null];
  return JSON.stringify([
    spec.kind,
    [...new Set(spec.tags)].sort(),
    amounts.slots,
    amounts.cpus,
    amounts.ramMb,
    sortedRecord(amounts.named),
    sortedRecord(spec.pools),
    spec.pin,
    spec.blockJob,
    spec.fair,
    ...bounds,
  ]);
}

export function fitsIn(needed: Amounts, room: Amounts): boolean {
  if (needed.slots > room.slots || needed.cpus > room.cpus || needed.ramMb > room.ramMb) return false;
  for (const name in needed.named) {
    if (amountOf(needed.named, name) > amountOf(room.named, name)) return false;
  }
  return true;
}

function combine(a: Amounts, b: Amounts, sign: 1 | -1): Amounts {
  let named = a.named;
  for (const name in b.named) {
    if (named === a.named) named = writable(a.named);
    (named as Record<string, number>)[name] = amountOf(named, name) + sign * amountOf(b.named, name);
  }
  return { slots: a.slots + sign * b.slots, cpus: a.cpus + sign * b.cpus, ramMb: a.ramMb + sign * b.ramMb, named };
}

export const plus = (a: Amounts, b: Amounts): Amounts => combine(a, b, 1);
export const minus = (a: Amounts, b: Amounts): Amounts => combine(a, b, -1);
