/** Of the foreign wire: an unsigned number of 32 bits (dnaforge §2). */
export const uintMax = 4_294_967_295;

const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?[fFdD]?$/;

/** A finite number as people and Java write it (`0.1`, `1e-5`, `30.0f`); null: it is none. */
export function finiteNumber(text: string): number | null {
  const trimmed = text.trim();
  if (!number.test(trimmed)) return null;
  const value = Number(trimmed.replace(/[fFdD]$/, ''));
  return Number.isFinite(value) ? value : null;
}

/** `2000`, `2e3`, `2000.0`: any way to write a whole number from 1 on; null: it is none. */
export function wholeNumber(text: string): number | null {
  const value = finiteNumber(text);
  return value !== null && Number.isInteger(value) && value >= 1 && value <= uintMax ? value : null;
}
