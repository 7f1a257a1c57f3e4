const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * The source text of a member of an object, untouched: `1.0` stays `1.0`, the order of keys what it was (concierge §3.4).
 * `json` must have been parsed before: nothing is checked here but the depth. Of members with one name the last counts, as in
 * `JSON.parse`. Null: there is no such member.
 */
export function rawMember(json: string, name: string, deepest: number): string | 'too-deep' | null {
  let at = json.indexOf('{') + 1;
  let found: string | null = null;
  for (;;) {
    at = skipBlanks(json, at);
    if (json.charCodeAt(at) === closeBrace || at >= json.length) return found;
    const keyEnd = skipString(json, at);
    const key = json.slice(at + 1, keyEnd - 1);
    const start = skipBlanks(json, json.indexOf(':', keyEnd) + 1);
    const end = skipValue(json, start, deepest);
    if (end < 0) return 'too-deep';
    if (key === name || (key.includes('\\') && JSON.parse(`"${key}"`) === name)) found = json.slice(start, end);
    at = skipBlanks(json, end);
    if (json[at] === ',') at++;
  }
}

function skipBlanks(json: string, from: number): number {
  let at = from;
  while (json.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** After the closing quote. */
function skipString(json: string, from: number): number {
  let end = from;
  for (;;) {
    end = json.indexOf('"', end + 1);
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** After the value; negative: nested too deep. */
function skipValue(json: string, from: number, deepest: number): number {
  const first = json.charCodeAt(from);
  if (first === quote) return skipString(json, from);
  if (first === openBrace || first === openBracket) return skipNested(json, from, deepest);
  let at = from;
  while (at < json.length && !/[\s,}]/.test(json[at] ?? '')) at++;
  return at;
}

function skipNested(json: string, from: number, deepest: number): number {
  let depth = 0;
  for (let at = from; ; ) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = skipString(json, at);
      continue;
    }
    at++;
    if (code === openBrace || code === openBracket) {
      if (++depth > deepest) return -1;
    } else if ((code === closeBrace || code === closeBracket) && --depth === 0) return at;
  }
}
