import { oxdnaLimits } from '@switchyard/sdk/oxdna.ts';
import { type Result, refuse } from '../../domain/errors.ts';

/**
 * An input file of oxDNA as keys and values (dnaforge §3.3): blank lines and comments are dropped, a value that opens more braces
 * than it closes goes on, a later key wins. Where oxDNA itself reads more than the plain form (`;`, comments behind a value), so
 * do we, for what is checked here must be what the engine sees.
 */
export function readInputFile(content: string): Result<Map<string, string>> {
  const keys = new Map<string, string>();
  let open: Statement | null = null;
  for (const line of content.split(/\r\n|\r|\n/)) {
    for (const statement of statements(line, open as Statement | null)) {
      if (open === null) {
        const at = statement.indexOf('=');
        if (at < 0) continue;
        open = { key: statement.slice(0, at).trim(), value: '', depth: 0 };
        append(open, statement.slice(at + 1).trim());
      } else append(open, statement);
      if (open.depth > 0) continue;
      if (open.depth < 0) return refuse('invalid', `${shownKey(open.key)} closes a brace that was not opened`);
      keys.delete(open.key);
      keys.set(open.key, open.value);
      open = null;
    }
  }
  if (open !== null) return refuse('invalid', `${shownKey(open.key)} opens a brace that is never closed`);
  return { value: keys };
}

interface Statement {
  readonly key: string;
  value: string;
  depth: number;
}

/** Without its comment; outside of braces a semicolon ends a statement. */
function statements(line: string, open: Statement | null): string[] {
  const text = line.split('#', 1)[0] ?? '';
  const parts = open !== null || text.includes('{') ? [text] : text.split(';');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function append(open: Statement, text: string): void {
  open.value = open.value === '' ? text : `${open.value}\n${text}`;
  for (const char of text) {
    if (char === '{') open.depth++;
    else if (char === '}') open.depth--;
  }
}

const shownKey = (key: string): string => JSON.stringify(key.slice(0, 80));

/** The worker names these files and outputs itself (`sdk/oxdna.ts`): what a stage says of them counts for nothing. */
const ours = new Set([
  'topology',
  'conf_file',
  'lastconf_file',
  'trajectory_file',
  'energy_file',
  'external_forces_file',
  'log_file',
  'data_output_1',
  'max_io',
  'restart_step_counter',
  'no_stdout_energy',
]);

const plainKey = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** Drops what the worker sets, refuses what could load code or reach other files (dnaforge §7.8). */
export function safeKeys(keys: ReadonlyMap<string, string>): Result<Map<string, string>> {
  const kept = new Map<string, string>();
  for (const [key, value] of keys) {
    if (ours.has(key)) continue;
    const wrong = wrongWith(key, value);
    if (wrong !== null) return refuse('invalid', `${shownKey(key)} ${wrong}`);
    kept.set(key, value);
  }
  return { value: kept };
}

/** Keys of oxDNA that name files or code, beside those above. */
const reaching = /plugin|checkpoint|reload|_file$|_path$|_prefix$|^include/i;
/** Observables of the stage's own: into files that the worker keeps for nobody else. */
const outputBlock = /^(?:analysis_)?data_output_\d+$/;
const outputName = /(?:^|[\n{])\s*name\s*=\s*[A-Za-z0-9_-][A-Za-z0-9_.-]{0,90}\.(?:out|txt)\s*(?:[\n}]|$)/;

/** The engine copies some values into buffers of 256 bytes, however long they are. */
const lineMost = 200;

/** What stands behind a block, the engine might take for a key. */
function isOneBlock(value: string): boolean {
  let depth = 0;
  for (const [at, char] of [...value].entries()) {
    if (char === '{') depth++;
    else if (char === '}') depth--;
    if (depth <= 0 && at < value.length - 1) return false;
  }
  return depth === 0;
}

function wrongWith(key: string, value: string): string | null {
  if (!plainKey.test(key)) return 'is not the name of an option';
  if (reaching.test(key)) return 'is not allowed here: stages name no files, outputs or plugins of their own';
  // oxDNA puts other values and results of expressions in here: what comes out of that nobody has looked at.
  if (value.includes('$')) return 'refers to other values; write the value itself';
  if (/[^\x20-\x7e\n\t]/.test(value)) return 'holds characters that are not plain ASCII';
  if (/[/\\]|\.\./.test(value) || /(?:^|[\s={])\.(?:$|[\s};])/.test(value)) {
    return 'holds a path; stages name no files of their own';
  }
  if (value.split('\n').some((line) => line.length > lineMost)) return `has a line of more than ${lineMost} characters`;
  if (value.includes('{') && !isOneBlock(value)) return 'must be one block in braces, with nothing beside it';
  return outputBlock.test(key) && !outputName.test(value) ? 'must write to a file named like x.out or x.txt' : null;
}

/** `key = value` lines, in order. */
export function inputText(keys: ReadonlyMap<string, string>): Result<string> {
  let text = '';
  for (const [key, value] of keys) text += `${key} = ${value}\n`;
  return text.length > oxdnaLimits.inputLength
    ? refuse('too_large', `its options are longer than ${oxdnaLimits.inputLength} characters`)
    : { value: text };
}
