import type { CommandText } from '../domain/variables.ts';
import { command } from './command-task.ts';

/** Workers run this file, beside the blend file, before they render it (flamenco §6.1 blender_render). */
export function overridesFile(filepath: string): string {
  return filepath.replace(/\.blend$/i, '-overrides.py');
}

export function writeOverrides(filepath: string, lines: readonly string[]): CommandText {
  const contents = [
    '# Written by Switchyard for one render job; run by its workers before they render.',
    'import bpy',
    '',
    ...lines,
    '',
  ];
  return command('create_python_file', { filepath: overridesFile(filepath), contents: contents.join('\n') });
}

/** Left behind it would change the next job of the same blend file. */
export function removeOverrides(filepath: string): CommandText {
  return command('remove_file', { path: overridesFile(filepath) });
}
