import type { System } from './system.ts';

/** Exponential, with jitter: between half and the whole of a span that doubles from `first` to `most` ms. */
export class Backoff {
  readonly #bounds: { readonly first: number; readonly most: number };
  readonly #system: Pick<System, 'dice'>;
  #span: number;

  constructor(bounds: { readonly first: number; readonly most: number }, system: Pick<System, 'dice'>) {
    this.#bounds = bounds;
    this.#system = system;
    this.#span = bounds.first;
  }

  next(): number {
    const span = this.#span;
    this.#span = Math.min(span * 2, this.#bounds.most);
    return span * (0.5 + this.#system.dice() / 2);
  }

  reset(): void {
    this.#span = this.#bounds.first;
  }
}
