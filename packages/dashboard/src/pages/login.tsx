import { useState } from 'react';
import type { Credentials } from '../data/session.ts';

interface Props {
  readonly problem: string | null;
  readonly login: (by: Credentials) => Promise<void>;
}

/** By account, or by a token for those who have none. */
export function LoginPage({ problem, login }: Props) {
  const [byToken, setByToken] = useState(false);
  const [username, setUsername] = useState('');
  const [secret, setSecret] = useState('');
  const [busy, setBusy] = useState(false);
  const complete = secret.trim() !== '' && (byToken || username.trim() !== '');
  async function submit(): Promise<void> {
    setBusy(true);
    await login(byToken ? { token: secret.trim() } : { username: username.trim(), password: secret });
    setBusy(false);
  }
  return (
    <main className="login">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          if (complete) void submit();
        }}
      >
        <h1>Switchyard</h1>
        {!byToken && (
          <label>
            Username
            <input autoComplete="username" value={username} onChange={({ target }) => setUsername(target.value)} />
          </label>
        )}
        <label>
          {byToken ? 'Token' : 'Password'}
          <input
            type="password"
            autoComplete={byToken ? 'off' : 'current-password'}
            value={secret}
            onChange={({ target }) => setSecret(target.value)}
          />
        </label>
        {problem !== null && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="main" disabled={busy || !complete}>
          {busy ? 'One moment…' : 'Log in'}
        </button>
        <button type="button" className="link" onClick={() => setByToken(!byToken)}>
          {byToken ? 'Log in with an account' : 'Log in with a token'}
        </button>
        <p className="dim">
          {byToken ? (
            <>
              The administrator's token stands in <code>admin.token</code> in the server's data folder.
            </>
          ) : (
            <>
              No account yet? <code>switchyard user add</code> makes one; a link that lets you in once is printed when the server
              starts.
            </>
          )}
        </p>
      </form>
    </main>
  );
}
