import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { type KeyboardEvent, useState } from 'react';
import { useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { useSay } from '../../parts/toast.tsx';

const mostKept = 50;

/** One line of G-code to the printer; what the server refuses, it says. Arrow up: the line before. */
export function PrinterConsole({ printer: { id, name } }: { printer: PrinterView }) {
  const { client } = useYard();
  const say = useSay();
  const [line, setLine] = useState('');
  const [sent, setSent] = useState<readonly string[]>([]);
  const send = async (): Promise<string> => {
    await client.printers.command(id, line);
    setSent((now) => [...now, line].slice(-mostKept));
    setLine('');
    return `${name} is sent: ${line}`;
  };
  const press = ({ key }: KeyboardEvent): void => {
    if (key === 'ArrowUp') setLine(sent.at(-1) ?? line);
    if (key === 'Enter' && line !== '') {
      send().then(say, (error: unknown) => say(error instanceof Error ? error.message : String(error), true));
    }
  };
  return (
    <section aria-label="Console">
      <h2>Console</h2>
      {sent.length > 0 && <pre className="json">{sent.join('\n')}</pre>}
      <div className="bar">
        <input
          aria-label="G-code"
          placeholder="G28"
          value={line}
          maxLength={200}
          onChange={({ target }) => setLine(target.value)}
          onKeyDown={press}
        />
        <Action disabled={line === ''} run={send}>
          Send
        </Action>
      </div>
    </section>
  );
}
