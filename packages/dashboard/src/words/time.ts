const units = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** 73 -> `1 min 13 s`; two units at most. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [size, name] of units) {
    const count = Math.floor(left / size);
    left %= size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}`);
  }
  if (left > 0 && parts.length < 2) parts.push(`${left} s`);
  return parts.join(' ');
}

export function agoText(then: string | null, now: number): string {
  if (then === null) return '';
  const ms = now - Date.parse(then);
  return ms < 5_000 ? 'just now' : `${durationText(ms).split(' ').slice(0, 2).join(' ')} ago`;
}

export function timeText(time: string | null): string {
  return time === null ? '' : new Date(time).toLocaleString();
}
