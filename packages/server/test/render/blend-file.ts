import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** Whether a program is on the PATH of this test. */
export function installed(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A cube, a lamp and a camera: small, few samples, the processor only, the same picture every time. */
const make = `
import bpy, sys
bpy.ops.wm.read_factory_settings(use_empty=False)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = 4
scene.cycles.use_denoising = False
scene.cycles.use_adaptive_sampling = False
scene.render.resolution_x, scene.render.resolution_y = 48, 32
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
`;

export async function makeBlendFile(folder: string): Promise<string> {
  const [script, file] = [join(folder, 'make.py'), join(folder, 'shot.blend')];
  await writeFile(script, make);
  await run('blender', ['--background', '--python-exit-code', '1', '--python', script, '--', file]);
  return file;
}

/** What Blender says of pixels: lines that a script prints after `>>`. */
export async function askBlender(folder: string, script: string, args: readonly string[]): Promise<string[]> {
  const path = join(folder, 'ask.py');
  await writeFile(path, script);
  const { stdout } = await run('blender', ['--background', '--python-exit-code', '1', '--python', path, '--', ...args]);
  return stdout.split('\n').flatMap((line) => (line.startsWith('>>') ? [line.slice(2).trim()] : []));
}
