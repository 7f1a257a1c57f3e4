import { createClient } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { WhoamiView } from '@switchyard/sdk/system.ts';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { startLive } from './data/live.ts';
import { storedToken, storeToken } from './data/session.ts';
import { type Yard, YardProvider } from './data/yard.tsx';
import { LoginPage } from './pages/login.tsx';
import { Toasts } from './parts/toast.tsx';
import { Shell } from './shell.tsx';

/** Either somebody is known and sees the yard, or the login. */
export function App() {
  const [token, setToken] = useState(storedToken);
  const [yard, setYard] = useState<Yard | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const queries = useQueryClient();

  const logout = useCallback(
    (why: string | null = null) => {
      storeToken(null);
      setToken(null);
      setProblem(why);
      queries.clear();
    },
    [queries],
  );

  useEffect(() => {
    if (token === null) {
      setYard(null);
      return;
    }
    const client = createClient({ server: location.origin, token });
    const abort = new AbortController();
    let live: Yard['live'] | null = null;
    const known = (me: WhoamiView): void => {
      if (abort.signal.aborted) return;
      live = startLive(client, (error) => logout(error.message));
      storeToken(token);
      setProblem(null);
      setYard({ client, live, me, logout: () => logout() });
    };
    client.whoami().then(known, (error: unknown) => {
      if (abort.signal.aborted) return;
      if (error instanceof ApiError) logout(error.message);
      else setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => {
      abort.abort();
      live?.stop();
    };
  }, [token, logout]);

  return (
    <Toasts>
      {yard === null ? (
        <LoginPage problem={problem} busy={token !== null && problem === null} onToken={setToken} />
      ) : (
        <YardProvider yard={yard}>
          <Shell />
        </YardProvider>
      )}
    </Toasts>
  );
}
