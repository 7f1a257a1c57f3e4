import type { ClassId } from '../domain/ids.ts';

/**
 * Classes of which something may stand ready: never too few, sometimes too many. Lets the dispatcher leave out claims that can
 * give nothing. Fed in the order of the commits: first what a batch's claims found used up, then what the batch made ready.
 */
export class ReadyClasses {
  readonly #ids = new Set<ClassId>();
  /** Something became possible that no class was named for: nothing is known until all are listed anew. */
  #unknown = true;
  #round = 0;

  /** 0: anywhere. */
  woken(classes: readonly ClassId[]): void {
    for (const id of classes) {
      if (id !== 0) this.#ids.add(id);
      else {
        this.#unknown = true;
        this.#round += 1;
      }
    }
  }

  usedUp(classes: readonly ClassId[]): void {
    for (const id of classes) this.#ids.delete(id);
  }

  /** Lists all anew; what is woken meanwhile stays. */
  async relist(list: () => Promise<readonly { readonly id: ClassId }[]>): Promise<readonly ClassId[]> {
    const round = this.#round;
    for (const { id } of await list()) this.#ids.add(id);
    if (round === this.#round) this.#unknown = false;
    return [...this.#ids];
  }

  /** Null: nobody knows. */
  get known(): ReadonlySet<ClassId> | null {
    return this.#unknown ? null : this.#ids;
  }
}
