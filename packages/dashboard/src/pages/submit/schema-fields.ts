/** One input of a form that is made from a JSON schema. */
export interface Field {
  readonly name: string;
  /** `lines`: a list of strings, one a line; `json`: everything that has no simpler shape. */
  readonly type: 'text' | 'number' | 'boolean' | 'lines' | 'json';
  readonly required: boolean;
  readonly hint: string;
  readonly choices: readonly string[] | null;
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
}

export function fieldsOf(schema: unknown): readonly Field[] {
  const { properties = {}, required = [] } = schema as Schema;
  const fields = Object.entries(properties).map(([name, one]) => fieldOf(name, one, required.includes(name)));
  return fields.sort((a, b) => Number(b.required) - Number(a.required));
}

function fieldOf(name: string, schema: Schema, required: boolean): Field {
  const choices = choicesOf(schema);
  const hint = schema.description ?? (schema.default === undefined ? '' : String(schema.default));
  return {
    name,
    required,
    hint,
    choices,
    type: choices === null ? typeOf(schema) : choices.join() === 'true,false' ? 'boolean' : 'text',
  };
}

function choicesOf({ type, enum: values, anyOf }: Schema): readonly string[] | null {
  if (type === 'boolean') return ['true', 'false'];
  const consts = values ?? (anyOf?.every((one) => one.const !== undefined) === true ? anyOf.map((one) => one.const) : null);
  return consts?.every((value) => typeof value === 'string') === true ? consts.map(String) : null;
}

function typeOf({ type, items }: Schema): Field['type'] {
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'array' && items?.type === 'string' ? 'lines' : 'json';
}

/** The spec that the inputs say; or what is missing. The server has the last word. */
export function specOf(
  fields: readonly Field[],
  values: Readonly<Record<string, string>>,
): { readonly spec: Record<string, unknown> } | { readonly problem: string } {
  const spec: Record<string, unknown> = {};
  for (const { name, type, required } of fields) {
    const text = values[name] ?? '';
    if (text.trim() === '') {
      if (required) return { problem: `${name} is needed.` };
      continue;
    }
    try {
      spec[name] = readValue(type, text);
    } catch {
      return { problem: `${name} is not JSON yet.` };
    }
  }
  return { spec };
}

function readValue(type: Field['type'], text: string): unknown {
  if (type === 'number') return Number(text);
  if (type === 'boolean') return text === 'true';
  if (type === 'lines') return text.split('\n').filter((line) => line !== '');
  return type === 'json' ? JSON.parse(text) : text;
}
