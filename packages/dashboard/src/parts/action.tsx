import { type ReactNode, useState } from 'react';
import { useSay } from './toast.tsx';

interface Props {
  readonly children: ReactNode;
  /** What it did, in words; thrown refusals are shown as they are. */
  readonly run: () => Promise<string | undefined>;
  /** Asked first, where it cannot be taken back. */
  readonly ask?: string | undefined;
  /** `stop`: cannot be overlooked. */
  readonly look?: 'plain' | 'danger' | 'main' | 'stop';
  readonly disabled?: boolean;
  readonly title?: string;
}

/** A button that does something on the server, once at a time. */
export function Action({ children, run, ask, look = 'plain', disabled = false, title }: Props) {
  const [busy, setBusy] = useState(false);
  const say = useSay();
  async function work(): Promise<void> {
    if (ask !== undefined && !confirm(ask)) return;
    setBusy(true);
    try {
      const done = await run();
      if (done !== undefined) say(done);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), true);
    } finally {
      setBusy(false);
    }
  }
  return (
    <button type="button" className={look} disabled={disabled || busy} title={title} onClick={() => void work()}>
      {children}
    </button>
  );
}
