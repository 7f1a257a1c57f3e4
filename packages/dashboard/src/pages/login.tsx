import { useState } from 'react';

interface Props {
  readonly problem: string | null;
  readonly busy: boolean;
  readonly onToken: (token: string) => void;
}

export function LoginPage({ problem, busy, onToken }: Props) {
  const [token, setToken] = useState('');
  return (
    <main className="login">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') onToken(token.trim());
        }}
      >
        <h1>Switchyard</h1>
        <label>
          Token
          <input
            type="password"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        {problem !== null && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="main" disabled={busy}>
          {busy ? 'One moment…' : 'Log in'}
        </button>
        <p className="dim">
          The administrator's token stands in <code>admin.token</code> in the server's data folder; others are made with{' '}
          <code>switchyard token create</code>.
        </p>
      </form>
    </main>
  );
}
