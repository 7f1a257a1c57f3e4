/**
 * Flamenco's ids are 24 lower-case hex digits (flamenco §1). Ours are numbers: the word for what is named, then the number, so that
 * the id of a task is never that of a job.
 */
const prefixes = { worker: '776f726b', job: '6a6f6200', task: '7461736b' } as const;

export type IdOf = keyof typeof prefixes;

export function hexId(of: IdOf, id: number): string {
  return prefixes[of] + id.toString(16).padStart(16, '0');
}

/** Null: it is no id of that kind; nothing is looked up by it. */
export function readHexId(of: IdOf, text: unknown): number | null {
  if (typeof text !== 'string' || !/^[0-9a-f]{24}$/.test(text) || !text.startsWith(prefixes[of])) return null;
  const id = Number.parseInt(text.slice(prefixes[of].length), 16);
  return Number.isSafeInteger(id) ? id : null;
}
