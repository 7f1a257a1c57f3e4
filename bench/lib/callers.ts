import { stamp } from './clock.ts';

export interface Called {
  readonly count: number;
  readonly ms: number;
}

/** `callers` loops that each make one call after the other for so long; what is still under way at the end is counted with its time. */
export async function callFor(ms: number, callers: number, call: (n: number) => Promise<unknown>): Promise<Called> {
  let count = 0;
  const from = stamp();
  const until = from + ms;
  const loop = async (): Promise<void> => {
    while (stamp() < until) await call(count++);
  };
  await Promise.all(Array.from({ length: callers }, loop));
  return { count, ms: stamp() - from };
}

/** The same for a given number of calls. */
export async function callTimes(count: number, callers: number, call: (n: number) => Promise<unknown>): Promise<Called> {
  let next = 0;
  const from = stamp();
  const loop = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: callers }, loop));
  return { count, ms: stamp() - from };
}
