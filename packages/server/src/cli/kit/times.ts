const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `850ms`, `12.3s`, `4m 05s`, `3h 12m`, `2d 04h`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < minute) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < hour) return `${Math.floor(ms / minute)}m ${two((ms % minute) / 1_000)}s`;
  if (ms < day) return `${Math.floor(ms / hour)}h ${two((ms % hour) / minute)}m`;
  return `${Math.floor(ms / day)}d ${two((ms % day) / hour)}h`;
}

function two(n: number): string {
  return String(Math.floor(n)).padStart(2, '0');
}

/** Time of day if it is today, else the date. Local time. */
export function whenText(iso: string | null, now: number): string {
  if (iso === null) return '-';
  const time = new Date(iso);
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  if (time.toDateString() === new Date(now).toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock.slice(0, 5)}`;
}

/** How long it ran, or has been running. */
export function ranText(startedAt: string | null, endedAt: string | null, now: number): string {
  if (startedAt === null) return '-';
  return spanText((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

export function agoText(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  return ms < 2_000 ? 'now' : `${spanText(ms - (ms % 1_000)).replace('.0s', 's')} ago`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
