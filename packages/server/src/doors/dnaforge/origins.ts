/** Web pages that may talk to this door (dnaforge §1.3): `https://dnaforge.org`, or any port of a host: `http://localhost:*`. */
export function originRule(allowed: readonly string[]): (origin: string) => boolean {
  const names = new Set(allowed.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  return (origin) => {
    const text = origin.toLowerCase();
    return names.has(text) || names.has(`${text.replace(/:\d{1,5}$/, '')}:*`);
  };
}

export const usualOrigins: readonly string[] = [
  'http://127.0.0.1:*',
  'https://127.0.0.1:*',
  'http://localhost:*',
  'https://localhost:*',
  'http://dnaforge.org',
  'https://dnaforge.org',
];

/** A page of this very server. */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());
}
