/** So many at once; who comes later waits, first come first served. */
export function createPlaces(most: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let taken = 0;
  function free(): void {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  }
  return async () => {
    if (taken < most) taken += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return free;
  };
}
