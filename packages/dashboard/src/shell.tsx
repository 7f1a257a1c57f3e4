import { useLiveState, useYard } from './data/yard.tsx';
import { pages } from './pages/table.tsx';
import { hrefOf, useRoute } from './route.ts';

const liveWords = { connecting: 'connecting…', live: 'live', reconnecting: 'reconnecting…', refused: 'not live' } as const;

/** Navigation on the side (below on a phone), the page beside it. */
export function Shell() {
  const route = useRoute();
  const { me, logout } = useYard();
  const live = useLiveState();
  const shown = pages.filter(({ right }) => right === null || me.rights.includes(right));
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
