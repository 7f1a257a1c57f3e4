import { wsFrame } from '../kit/ws-frame.ts';
import type { Link } from './link.ts';
import type { Simulation } from './simulation.ts';
import { type Dialect, detailedUpdate, jobUpdate, type Structure } from './translate.ts';

/** Everybody who has shown a token. What is said is encoded once for each language, however many hear it. */
export class Crowd {
  readonly #links = new Set<Link>();

  get size(): number {
    return this.#links.size;
  }

  add(link: Link): void {
    this.#links.add(link);
  }

  remove(link: Link): void {
    this.#links.delete(link);
  }

  *ofVisitor(id: string): Iterable<Link> {
    for (const link of this.#links) if (link.visitor?.id === id) yield link;
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return this.#links.values();
  }

  /** To everybody, in order, never left out. */
  state(id: number, sim: Simulation | null): void {
    const frame = eachDialect((dialect) => jobUpdate(dialect, id, sim?.shown ?? null));
    for (const link of this.#links) link.hear(id, frame(link.dialect));
  }

  /** To those who do not watch its structure; a newer one takes its place. */
  progress(id: number, sim: Simulation, watches: (link: Link) => boolean): void {
    const frame = eachDialect((dialect) => jobUpdate(dialect, id, sim.shown));
    for (const link of this.#links) if (!watches(link)) link.hearNewest(id, 'progress', frame(link.dialect));
  }

  structure(id: number, sim: Simulation, structure: Structure, watches: (link: Link) => boolean): void {
    const frame = eachDialect((dialect) => detailedUpdate(dialect, sim.shown, structure));
    for (const link of this.#links) if (watches(link)) link.hearNewest(id, 'structure', frame(link.dialect));
  }
}

function eachDialect(text: (dialect: Dialect) => string): (dialect: Dialect) => Buffer {
  const made = new Map<Dialect, Buffer>();
  return (dialect) => {
    const known = made.get(dialect);
    if (known !== undefined) return known;
    const frame = wsFrame('text', text(dialect));
    made.set(dialect, frame);
    return frame;
  };
}
