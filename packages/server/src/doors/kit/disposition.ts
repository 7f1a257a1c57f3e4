/** A download's name (RFC 6266): an ASCII one for old clients, the true one beside it. */
export function attachment(name: string): string {
  const ascii = name.replace(/[^A-Za-z0-9._-]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, escapeChar);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const escapeChar = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
