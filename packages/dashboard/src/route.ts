import { useSyncExternalStore } from 'react';

/** `#/jobs/12?state=running` -> `{page: 'jobs', rest: ['12'], query: {state: 'running'}}`. Hash routes: the server needs to know none. */
export interface Route {
  readonly page: string;
  readonly rest: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...rest] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  return { page, rest, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function hrefOf(
  page: string,
  rest: readonly (string | number)[] = [],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = [page, ...rest].map((part) => encodeURIComponent(String(part))).join('/');
  const search = new URLSearchParams(query).toString();
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}

export function go(href: string): void {
  location.hash = href;
}

/** The same place with another query; the back button does not stop at every letter typed. */
export function replaceQuery(route: Route, query: Readonly<Record<string, string>>): void {
  history.replaceState(null, '', hrefOf(route.page, route.rest, query));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

function subscribe(call: () => void): () => void {
  addEventListener('hashchange', call);
  return () => removeEventListener('hashchange', call);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
