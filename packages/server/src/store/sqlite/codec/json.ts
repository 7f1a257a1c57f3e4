/** JSON text, or null where there is nothing in it: most rows have no labels, pools, artifacts. */
export function recordText(value: Readonly<Record<string, unknown>>): string | null {
  for (const _ in value) return JSON.stringify(value);
  return null;
}

const empty: Readonly<Record<string, never>> = Object.freeze({});

/** Written by this program into its own file: trusted. */
export function recordOf<T>(text: unknown): Readonly<Record<string, T>> {
  return text === null ? empty : (JSON.parse(text as string) as Record<string, T>);
}

export const listText = (value: readonly unknown[]): string | null => (value.length === 0 ? null : JSON.stringify(value));

const none: readonly never[] = Object.freeze([]);

export const listOf = <T>(text: unknown): readonly T[] => (text === null ? none : (JSON.parse(text as string) as T[]));

export const textOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

export const valueOrNull = <T>(text: unknown): T | null => (text === null ? null : (JSON.parse(text as string) as T));

/** Never -0, which a negated 0 would be and which is not equal to 0 everywhere. */
export const rankOf = (priority: number): number => 0 - priority;
