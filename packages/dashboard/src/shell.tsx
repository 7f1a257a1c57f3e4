import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { applyTheme, nextTheme, presentTheme } from './data/theme.ts';
import { keyHelp, useKeys } from './data/use-keys.ts';
import { useLiveState, useMay, useYard } from './data/yard.tsx';
import { type PageRow, pages } from './pages/table.tsx';
import { useSay } from './parts/toast.tsx';
import { hrefOf, useRoute } from './route.ts';

const liveWords = { connecting: 'connecting…', live: 'live', reconnecting: 'reconnecting…', refused: 'not live' } as const;

/** Navigation on the side (below on a phone), the page beside it. */
export function Shell() {
  const route = useRoute();
  const { me, logout } = useYard();
  const live = useLiveState();
  const there = useDoorNames();
  const shown = pages.filter((page) => maySee(page, me.rights) && (page.door === undefined || (there?.has(page.door) ?? true)));
  const say = useSay();
  const key = shown.map(({ name }) => name).join();
  const names = useMemo(() => key.split(','), [key]);
  const help = useCallback(() => say(keyHelp), [say]);
  useKeys(names, help);
  const current = shown.find(({ name }) => name === route.page) ?? shown[0];
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <nav aria-label="Pages">
        <a className="brand" href={hrefOf('')}>
          Switchyard
        </a>
        {shown
          .filter(({ inMenu }) => inMenu)
          .map(({ name, title }) => (
            <a key={name} href={hrefOf(name)} aria-current={current?.name === name ? 'page' : undefined}>
              {title}
            </a>
          ))}
        <span className="grow" />
        <output className={`live ${live}`}>{liveWords[live]}</output>
        <span className="who" title={me.rights.join(', ')}>
          {me.name}
        </span>
        <ThemeButton />
        <button type="button" className="quiet-button" onClick={logout}>
          Log out
        </button>
      </nav>
      <main id="main" tabIndex={-1}>
        {current === undefined ? <p>Nothing here may be seen with this token.</p> : <current.Page route={route} />}
      </main>
    </div>
  );
}

function maySee({ rights }: PageRow, mine: readonly string[]): boolean {
  return rights.length === 0 || rights.some((right) => mine.includes(right));
}

/** Doors of this server; null: not known yet, or not to be seen by everybody. */
function useDoorNames(): ReadonlySet<string> | null {
  const { client } = useYard();
  const may = useMay('worker:read');
  const doors = useQuery({ queryKey: ['doors'], queryFn: () => client.doors(), enabled: may });
  return useMemo(() => (doors.data === undefined ? null : new Set(doors.data.map(({ name }) => name))), [doors.data]);
}

function ThemeButton() {
  const [theme, setTheme] = useState(presentTheme);
  const change = (): void => {
    const next = nextTheme(theme);
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" className="quiet-button" onClick={change} aria-label={`Colours: ${theme}`}>
      {theme === 'system' ? 'Colours: as the system' : `Colours: ${theme}`}
    </button>
  );
}
