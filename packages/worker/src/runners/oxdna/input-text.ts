import { type OxdnaPayload, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';

/** An oxDNA input file: keys and values in order; a value may be a block in braces. */
export type InputKeys = ReadonlyMap<string, string>;

/**
 * Reads an input file as oxDNA does, as far as stages need it (dnaforge §3.3): blank lines and those that begin with `#` are
 * skipped, `#` within a line begins a comment, `;` separates, a block goes on until its braces are balanced, a later key wins.
 */
export function parseInput(text: string): InputKeys {
  const keys = new Map<string, string>();
  const lines = text
    .replaceAll('\r', '')
    .replace(/#[^\n]*/g, '')
    .split(/[\n;]/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const mark = line.indexOf('=');
    if (mark < 0) continue;
    const value = [line.slice(mark + 1).trim()];
    for (let open = openBraces(value[0] ?? ''); open > 0 && at + 1 < lines.length; ) {
      at += 1;
      const more = lines[at] ?? '';
      value.push(more.trim());
      open += openBraces(more);
    }
    const key = line.slice(0, mark).trim();
    keys.delete(key);
    keys.set(key, value.join('\n'));
  }
  return keys;
}

const openBraces = (text: string): number => text.split('{').length - text.split('}').length;

/** The engine copies some values into buffers of 256 bytes, however long they are. */
const lineMost = 200;
/** Keys that load code, wherever they point to. */
const loads = /^plugin/i;
/** `data_output_1` is ours. */
const ownOutput = 'data_output_1';
const outputBlock = /^(?:data_output|analysis_data_output)_\d+$/;
const blockName = /(?:^|[\n{])\s*name\s*=\s*([^\n}]*)/;

/**
 * Why the engine must not be given this input: one sentence, or null (dnaforge §7.8). It is text by a stranger that names files:
 * whatever could leave the task's folder, load code, or speak in the place of the lines that we read is refused.
 */
export function inputTrouble(keys: InputKeys): string | null {
  for (const [key, value] of keys) {
    const named = JSON.stringify(key.slice(0, 100));
    if (!/^[A-Za-z0-9_]{1,100}$/.test(key)) return `the input key ${named} is not a name of letters, digits and underscores`;
    if (loads.test(key)) return `the input key ${named} would load code, which stages may not`;
    // The engine would put other values and results in here: what comes out of it nobody has looked at.
    if (value.includes('$')) return `the value of the input key ${named} refers to other values`;
    if (/[/\\]/.test(value)) return `the value of the input key ${named} has a path separator: stages name no paths`;
    if (/(?:^|[\s={])\.\.?(?:$|[\s};])/.test(value)) return `the value of the input key ${named} names a folder`;
    if (/[^\x20-\x7e\n\t]/.test(value)) return `the value of the input key ${named} has characters that are not plain ASCII`;
    if (value.split('\n').some((line) => line.length > lineMost)) return `the value of the input key ${named} is too long`;
    if (!isPlainOrBlock(value)) return `the braces of the input key ${named} are not balanced, or there is something beside them`;
    if (key === ownOutput || !outputBlock.test(key)) continue;
    const target = blockName.exec(value)?.[1]?.trim() ?? '';
    if (!outputName.test(target))
      return `${key} writes to ${JSON.stringify(target.slice(0, 100))}: only files named *.out or *.txt`;
  }
  return null;
}

/** No braces at all, or one block and nothing beside it: what follows a block another parser might take for a key. */
function isPlainOrBlock(value: string): boolean {
  let depth = 0;
  for (const [at, char] of [...value].entries()) {
    if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    else if (depth === 0 && value.includes('{')) return false;
    if (depth < 0 || (depth === 0 && char === '}' && at < value.length - 1)) return false;
  }
  return depth === 0;
}

/** Outputs of the stage's own: never stdout, and none of the files that we keep. */
const outputName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,90}\.(?:out|txt)$/;

const isTrue = (value: string | undefined): boolean => /^(?:true|1|yes)$/i.test(value ?? '');

/**
 * The input file of one run: the stage's own keys, and over them whatever decides on files, on what is printed and on the
 * number of steps (dnaforge §4.1).
 */
export function inputText(keys: InputKeys, payload: OxdnaPayload): string {
  const all = new Map(keys);
  const set = (key: string, value: string) => {
    all.delete(key);
    all.set(key, value);
  };
  for (const key of pathKeys) all.delete(key);
  set('steps', String(payload.steps));
  set('restart_step_counter', 'true');
  set('print_energy_every', String(payload.printEvery));
  // 0 is a division by nought in the engine (dnaforge §5).
  if (!(Number(all.get('print_conf_interval')) >= 1)) set('print_conf_interval', String(payload.printEvery));
  set('topology', oxdnaFiles.topology);
  set('conf_file', oxdnaFiles.start);
  if (isTrue(all.get('external_forces'))) set('external_forces_file', oxdnaFiles.forces);
  set('lastconf_file', oxdnaFiles.end);
  set('trajectory_file', payload.createTrajectory ? oxdnaFiles.trajectory : '/dev/null');
  set('energy_file', oxdnaFiles.energy);
  set('max_io', '100.0');
  // Versions that know an output by its name alone would print its standard line in the place of ours.
  set('no_stdout_energy', 'true');
  set(ownOutput, ownOutputBlock(payload.printEvery));
  return [...all].map(([key, value]) => `${key} = ${value}\n`).join('');
}

/** Files that the engine would write or read by other names, or a log that would not come to us. */
const pathKeys = [
  'log_file',
  'external_forces_file',
  'reload_from',
  'checkpoint_every',
  'checkpoint_file',
  'checkpoint_trajectory',
  'lastconf_file_bin',
  'output_prefix',
] as const;

const ownOutputBlock = (every: number): string => `{
  name = stdout
  print_every = ${every}
  time_scale = linear
  col_1 = {
    type = step
    units = steps
  }
  col_2 = {
    type = potential_energy
    split = false
  }
  col_3 = {
    type = stretched
    print_list = false
  }
}`;
