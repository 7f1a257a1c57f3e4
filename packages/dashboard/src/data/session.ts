/** The token of this browser tab's login: gone with the tab. */
const place = 'switchyard.token';

export function storedToken(): string | null {
  return sessionStorage.getItem(place);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(place);
  else sessionStorage.setItem(place, token);
}
