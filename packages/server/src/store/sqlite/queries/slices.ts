import { setImmediate as turn } from 'node:timers/promises';

/** Rows that one turn of the event loop may fetch; larger pages go on in the next. */
export const sliceRows = 200;

/** `step` for every slice of the list, other work in between. */
export async function inSlices<T, R>(list: readonly T[], step: (one: T) => R | null): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < list.length; at += sliceRows) {
    if (at > 0) await turn();
    for (const one of list.slice(at, at + sliceRows)) {
      const result = step(one);
      if (result !== null) results.push(result);
    }
  }
  return results;
}

export { turn };
