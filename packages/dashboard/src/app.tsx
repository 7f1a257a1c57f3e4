import { createClient } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { startLive } from './data/live.ts';
import { type Credentials, headersOf, presentSession, type Session, signIn, signOut, takeCode } from './data/session.ts';
import { type Yard, YardProvider } from './data/yard.tsx';
import { LoginPage } from './pages/login.tsx';
import { Toasts } from './parts/toast.tsx';
import { Shell } from './shell.tsx';

/** `looking`: it is not known yet whether somebody is signed in. */
type State =
  | { readonly is: 'looking' }
  | { readonly is: 'out'; readonly problem: string | null }
  | { readonly is: 'in'; readonly yard: Yard };

let entry: Promise<Session | null> | null = null;

async function enterByLink(): Promise<Session | null> {
  const code = takeCode();
  return code === null ? null : signIn({ code });
}

/** Either somebody is signed in and sees the yard, or the login. */
export function App() {
  const [state, setState] = useState<State>({ is: 'looking' });
  const queries = useQueryClient();

  const enter = useCallback(
    async (session: Session) => {
      const client = createClient({ server: location.origin, headers: headersOf(session) });
      const me = await client.whoami();
      const out = (problem: string | null): void => {
        live.stop();
        queries.clear();
        setState({ is: 'out', problem });
      };
      const live = startLive(client, (error) => out(error.message));
      const logout = (): void => {
        signOut(session).catch(() => {});
        out(null);
      };
      setState({ is: 'in', yard: { client, live, me, logout } });
    },
    [queries],
  );

  useEffect(() => {
    let over = false;
    const look = async (): Promise<void> => {
      // Effects may run twice; the code of a link works once.
      entry ??= enterByLink();
      const session = (await entry) ?? (await presentSession());
      if (over) return;
      if (session === null) setState({ is: 'out', problem: null });
      else await enter(session);
    };
    const failed = (error: unknown): void => {
      if (over) return;
      setState({ is: 'out', problem: messageOf(error) });
      // A server that is not there may come back.
      if (!(error instanceof ApiError)) setTimeout(again, 2_000);
    };
    const again = (): void => {
      if (!over) look().catch(failed);
    };
    again();
    return () => {
      over = true;
    };
  }, [enter]);

  const login = async (by: Credentials): Promise<void> => {
    try {
      await enter(await signIn(by));
    } catch (error) {
      setState({ is: 'out', problem: messageOf(error) });
    }
  };

  return (
    <Toasts>
      {state.is === 'looking' && <p className="login dim">One moment…</p>}
      {state.is === 'out' && <LoginPage problem={state.problem} login={login} />}
      {state.is === 'in' && (
        <YardProvider yard={state.yard}>
          <Shell />
        </YardProvider>
      )}
    </Toasts>
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
