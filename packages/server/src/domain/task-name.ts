/**
 * What people call a task inside its job: its key; in an array its key with the value that it stands for, so that the tasks of
 * `blender-render` are `blender-render-1-3`, `blender-render-4-6` (flamenco §6.3). Null: it has no name of its own.
 */
export function taskName(key: string | null, value: string | null): string | null {
  if (key === null || value === null) return key;
  return `${key}-${value.replaceAll('..', '-')}`;
}
