import { setTimeout } from 'node:timers/promises';

const lookMs = 5;

/** Looks again and again: for ends that nobody announces. */
export async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await setTimeout(lookMs);
}
