import type * as Yaml from 'yaml';
import { CliError, usage } from './cli-error.ts';
import { declarations, settle, type Value, type Values } from './job-variables.ts';

export interface TemplateTools {
  readonly yaml: typeof Yaml;
  /** Line of an offset in the file, from 1. */
  readonly lineOf: (offset: number) => number;
}

/** `${name}`; `$${` stands for `${` itself. */
const mention = /\$\$\{|\$\{([^}]*)\}/g;

/**
 * Puts values in for `${name}`, in string values of documents that declare `variables`, once: what comes in is not looked at
 * again. A string that is nothing but `${name}` becomes the value, with its type. Other documents stay as they are, so that
 * a shell's own `${HOME}` needs no care there.
 */
export function fillIn(documents: readonly Yaml.Document.Parsed[], given: Values, tools: TemplateTools): void {
  const known = new Set<string>();
  for (const document of documents) {
    if (!tools.yaml.isMap(document.contents) || !document.has('variables')) continue;
    const variables = declarations(document.toJS({ maxAliasCount: 100 })?.variables);
    for (const name of variables.keys()) known.add(name);
    const values = settle(variables, given);
    document.delete('variables');
    fillDocument(document, values, tools);
  }
  const stray = [...given.keys()].find((name) => !known.has(name));
  if (stray === undefined) return;
  throw usage(
    known.size === 0
      ? `--var ${stray}: this file declares no variables`
      : `--var ${stray}: this file knows ${[...known].sort().join(', ')}`,
  );
}

function fillDocument(document: Yaml.Document.Parsed, values: ReadonlyMap<string, Value>, { yaml, lineOf }: TemplateTools): void {
  yaml.visit(document, {
    Scalar(place, node) {
      if (place === 'key' || typeof node.value !== 'string') return;
      const { value: text } = node;
      const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
      const first = lineOf(node.range?.[0] ?? 0) + (isBlock ? 1 : 0);
      node.value = filled(text, values, (at) => first + text.slice(0, at).split('\n').length - 1);
    },
  });
}

function filled(text: string, values: ReadonlyMap<string, Value>, lineAt: (at: number) => number): Value {
  const wanted = (name: string, at: number): Value => {
    const value = values.get(name);
    if (value !== undefined) return value;
    const names = [...values.keys()].sort().join(', ');
    throw new CliError(
      `line ${lineAt(at)}: there is no variable "${name}" (declared: ${names}); write $\${${name}} where \${${name}} is meant as it is`,
    );
  };
  const whole = /^\$\{([^}]*)\}$/.exec(text);
  if (whole !== null) return wanted(whole[1] ?? '', 0);
  return text.replaceAll(mention, (_all, name: string | undefined, at: number) =>
    name === undefined ? '${' : String(wanted(name, at)),
  );
}
