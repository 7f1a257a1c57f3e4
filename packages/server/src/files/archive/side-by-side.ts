/** Works on what comes, `width` at a time. The first failure ends it, once what is under way has ended. */
export async function sideBySide<T>(
  source: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const one of source) {
    const running: Promise<void> = work(one).then(
      () => void under.delete(running),
      (error: unknown) => {
        under.delete(running);
        failures.push(error);
      },
    );
    under.add(running);
    if (under.size >= width) await Promise.race(under);
    if (failures.length > 0) break;
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
}
