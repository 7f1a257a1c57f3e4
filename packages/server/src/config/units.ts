const durations: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  tb: 1000 ** 4,
};

/** `90s`, `1h30m`, `0` -> ms; null: not a duration. */
export function parseDuration(text: string): number | null {
  if (text.trim() === '0') return 0;
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)];
  if (
    parts.length === 0 ||
    parts
      .map((part) => part[0])
      .join('')
      .trim() !== text.trim()
  )
    return null;
  let total = 0;
  for (const [, amount, unit] of parts) {
    const size = durations[(unit ?? '').toLowerCase()];
    if (size === undefined) return null;
    total += Number(amount) * size;
  }
  return Math.round(total);
}

/** `64MiB`, `10G`, `512` -> bytes; null: not a size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return null;
  const unit = sizes[(match[2] ?? '').toLowerCase() || 'b'];
  return unit === undefined ? null : Math.round(Number(match[1]) * unit);
}
