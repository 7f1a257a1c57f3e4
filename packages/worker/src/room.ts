import type { WireAmounts } from '@switchyard/sdk/worker-wire.ts';

/** What one attempt took: give the same record back. */
export interface Taken {
  readonly amounts: WireAmounts;
  /** Numbers (names) of the graphics processors that are this attempt's alone. */
  readonly gpus: readonly string[];
}

/** What this machine has, and how much of it is free. Never over-committed: `take` answers null instead. */
export class Room {
  readonly total: WireAmounts;
  #free: WireAmounts;
  readonly #freeGpus: string[];

  /** `gpus`: what CUDA_VISIBLE_DEVICES may name, as many as `total.named.gpu`. */
  constructor(total: WireAmounts, gpus: readonly string[]) {
    this.total = total;
    this.#free = total;
    this.#freeGpus = [...gpus];
  }

  get free(): WireAmounts {
    return this.#free;
  }

  fitsEver(amounts: WireAmounts): boolean {
    return fits(amounts, this.total);
  }

  fitsNow(amounts: WireAmounts): boolean {
    return fits(amounts, this.#free);
  }

  take(amounts: WireAmounts): Taken | null {
    if (!this.fitsNow(amounts)) return null;
    this.#free = add(this.#free, amounts, -1);
    return { amounts, gpus: this.#freeGpus.splice(0, amounts.named.gpu ?? 0) };
  }

  give(taken: Taken): void {
    this.#free = add(this.#free, taken.amounts, 1);
    this.#freeGpus.push(...taken.gpus);
    this.#freeGpus.sort((a, b) => Number(a) - Number(b));
  }
}

/** What of the amounts is more than there is, for people: `gpu 2 (has 1)`. */
export function lacking(needed: WireAmounts, has: WireAmounts): string {
  const rows: [string, number, number][] = [
    ['slots', needed.slots, has.slots],
    ['cpus', needed.cpus, has.cpus],
    ['ramMb', needed.ramMb, has.ramMb],
  ];
  for (const [name, amount] of Object.entries(needed.named)) rows.push([name, amount, has.named[name] ?? 0]);
  return rows
    .filter(([, amount, there]) => amount > there)
    .map(([name, amount, there]) => `${name} ${amount} (has ${there})`)
    .join(', ');
}

function fits(needed: WireAmounts, free: WireAmounts): boolean {
  if (needed.slots > free.slots || needed.cpus > free.cpus || needed.ramMb > free.ramMb) return false;
  for (const name in needed.named) {
    if ((needed.named[name] ?? 0) > (free.named[name] ?? 0)) return false;
  }
  return true;
}

function add(a: WireAmounts, b: WireAmounts, sign: 1 | -1): WireAmounts {
  const named: Record<string, number> = { ...a.named };
  for (const name in b.named) named[name] = (named[name] ?? 0) + sign * (b.named[name] ?? 0);
  return { slots: a.slots + sign * b.slots, cpus: a.cpus + sign * b.cpus, ramMb: a.ramMb + sign * b.ramMb, named };
}
