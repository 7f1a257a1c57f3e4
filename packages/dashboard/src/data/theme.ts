/** Light, dark, or what the system says. Kept in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const place = 'switchyard.theme';
const order: readonly Theme[] = ['system', 'light', 'dark'];

export function presentTheme(): Theme {
  const kept = localStorage.getItem(place);
  return order.find((theme) => theme === kept) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(place, theme);
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export const nextTheme = (theme: Theme): Theme => order[(order.indexOf(theme) + 1) % order.length] ?? 'system';
