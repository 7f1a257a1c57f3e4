export type QueryValue = string | number | boolean | undefined | null | readonly string[];

/** `?a=1&b=x`; what is undefined, null or an empty list is left out; lists are joined with commas. */
export function queryString(values: Readonly<Record<string, QueryValue>>): string {
  const search = new URLSearchParams();
  for (const name in values) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    const text = typeof value === 'object' ? value.join(',') : String(value);
    if (text !== '' || typeof value === 'string') search.set(name, text);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
