/** When the rest will be done if it goes on as it did: ms from now; null: nothing to go by. */
export function etaMs(done: number, total: number, elapsedMs: number): number | null {
  if (done <= 0 || total <= done || elapsedMs <= 0) return null;
  return (elapsedMs / done) * (total - done);
}
