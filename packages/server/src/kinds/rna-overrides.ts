import type { CommandText } from '../domain/variables.ts';
import { command } from './command-task.ts';
import { nameOf } from './render-paths.ts';

/**
 * Lines of Python that run before rendering. Workers run the file that lies beside the blend file under this name, whoever
 * wrote it (flamenco §6.1 blender_render). So that one job's file never changes another job's pictures, the file does nothing
 * where its own job is not rendered, and the job's tasks refuse to render without it.
 */
export interface Overrides {
  /** Writes the file. */
  readonly write: CommandText;
  /** Left behind it does no harm, but nobody likes it there. */
  readonly remove: CommandText;
  /** For the setting `python_expr` of every command that renders. */
  readonly check: string;
}

/** `folder`: where the job renders to; its last name is different for every job, and the same on every platform. */
export function overridesOf(filepath: string, lines: readonly string[] | undefined, folder: string): Overrides | null {
  if (lines === undefined || lines.length === 0) return null;
  const path = filepath.replace(/\.blend$/i, '-overrides.py');
  const mark = JSON.stringify(nameOf(folder));
  const contents = [
    '# Written by Switchyard for one render job; run by its workers before they render, without effect for other jobs.',
    'import bpy',
    'import sys',
    `if any(${mark} in word for word in sys.argv):`,
    `    exec(compile(${JSON.stringify(lines.join('\n'))}, "rna-overrides", "exec"))`,
    `    bpy.app.driver_namespace["switchyard_overrides"] = ${mark}`,
    '',
  ];
  const check = [
    'import bpy, sys',
    `if bpy.app.driver_namespace.get("switchyard_overrides") != ${mark}:`,
    `    print("The overrides of this job are not beside the blend file: another job has replaced them")`,
    '    sys.exit(42)',
  ];
  return {
    write: command('create_python_file', { filepath: path, contents: contents.join('\n') }),
    remove: command('remove_file', { path }),
    check: check.join('\n'),
  };
}
