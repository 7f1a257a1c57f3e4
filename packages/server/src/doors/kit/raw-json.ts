/** JSON text that stands already: it is sent as it is, never parsed or made again. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object with further fields whose JSON text is stored: `rawFields({id: 1}, {spec: '{"a":2}'})`. */
export function rawFields(object: object, fields: Readonly<Record<string, string>>): RawJson {
  let text = JSON.stringify(object).slice(0, -1);
  for (const name in fields) text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${fields[name]}`;
  return new RawJson(`${text}}`);
}
