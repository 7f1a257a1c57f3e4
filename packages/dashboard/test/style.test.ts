import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const css = readFileSync(fileURLToPath(new URL('../src/style.css', import.meta.url)), 'utf8');
/** Name -> its colours, light and dark. */
const tokens = Object.fromEntries(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name,
    { light, dark } as { light: string; dark: string },
  ]),
);

const schemes = ['light', 'dark'] as const;
const text = ['ink', 'dim', 'main', 'good', 'busy', 'bad', 'hold', 'gone', 'quiet'];

function luminance(hex: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2: 4.5 is what small text needs. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(schemes)('colours, %s', (scheme) => {
  const of = (name: string): string => tokens[name]?.[scheme] ?? '';

  test.each(text.flatMap((name) => ['ground', 'card'].map((behind) => [name, behind] as const)))('%s on %s', (name, behind) => {
    expect(contrast(of(name), of(behind))).toBeGreaterThanOrEqual(4.5);
  });

  test('a main button', () => expect(contrast(of('on-main'), of('main'))).toBeGreaterThanOrEqual(4.5));

  test('the emergency stop', () => {
    const [, light, dark] = /button\.stop \{[^}]*\n {2}color: light-dark\((#\w{6}), (#\w{6})\)/.exec(css) ?? [];
    expect(contrast({ light, dark }[scheme] ?? '', of('bad'))).toBeGreaterThanOrEqual(4.5);
  });
});
