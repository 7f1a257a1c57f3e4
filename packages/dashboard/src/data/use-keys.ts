import { useEffect } from 'react';
import { go, hrefOf } from '../route.ts';

/** After `g`: where each letter leads. */
const places: Readonly<Record<string, string>> = {
  o: '',
  j: 'jobs',
  s: 'submit',
  w: 'workers',
  p: 'printers',
  v: 'services',
  f: 'files',
  d: 'doors',
  e: 'settings',
};

export const keyHelp =
  'g then o, j, s, w, p, v, f, d or e: go to a page; /: search; j and k: next and previous row; ?: this help';

/** Keys for the whole page; never while somebody types. `pages`: those that this person sees. */
export function useKeys(pages: readonly string[], help: () => void): void {
  useEffect(() => {
    let leading = false;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const { key } = event;
      if (leading) {
        leading = false;
        const page = places[key];
        if (page !== undefined && pages.includes(page)) go(hrefOf(page));
        return;
      }
      if (key === 'g') leading = true;
      else if (key === '?') help();
      else if (key === '/' && focusOn('input[type="search"]')) event.preventDefault();
      else if (key === 'j') step(1);
      else if (key === 'k') step(-1);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [pages, help]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}

/** From row to row by their first link or button. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('table.rows .rows-row, .queue li, .cards article')];
  const targets = rows.flatMap((row) => row.querySelector<HTMLElement>('a, button') ?? []);
  const at = targets.indexOf(document.activeElement as HTMLElement);
  (at < 0 ? targets[by === 1 ? 0 : targets.length - 1] : targets[at + by])?.focus();
}
