/** A UUID in any of the spellings that the reference takes, in ours: lower case, hyphens. Null: none. */
export function canonicalUuid(text: string): string | null {
  const bare = text.startsWith('urn:uuid:') ? text.slice(9) : text;
  if (hyphenated.test(bare)) return bare.toLowerCase();
  return /^[0-9a-f]{32}$/i.test(bare) ? bare.toLowerCase().replace(parts, '$1-$2-$3-$4-$5') : null;
}

const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
