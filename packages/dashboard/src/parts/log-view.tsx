import Anser from 'anser';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { useYard } from '../data/yard.tsx';
import { DownloadLink } from './download-link.tsx';
import { findLines } from './log-find.ts';
import { LogSearch } from './log-search.tsx';
import { appendText, emptyText, type LogText } from './log-text.ts';

interface Props {
  readonly task: number;
  readonly attempt?: number | undefined;
  readonly stream: 'out' | 'err' | 'log';
}

/** Output of an attempt as it is written: follows the end while the end is in view, colours, search. The newest few MiB are kept. */
export function LogView({ task, attempt, stream }: Props) {
  const { client } = useYard();
  const [text, setText] = useState<LogText>(emptyText);
  const [search, setSearch] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);

  useEffect(() => {
    const abort = new AbortController();
    setText(emptyText);
    setProblem(null);
    void follow(abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    });
    async function follow(signal: AbortSignal): Promise<void> {
      const decoder = new TextDecoder();
      let waiting = '';
      let drawing = false;
      const show = (): void => {
        drawing = false;
        const piece = waiting;
        waiting = '';
        setText((now) => appendText(now, piece));
      };
      for await (const bytes of client.tasks.followLog(task, { stream, attempt, signal })) {
        waiting += decoder.decode(bytes, { stream: true });
        if (!drawing) requestAnimationFrame(show);
        drawing = true;
      }
    }
    return () => abort.abort();
  }, [client, task, attempt, stream]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after every change of the text.
  useEffect(() => {
    const element = box.current;
    if (element !== null && stuck.current) element.scrollTop = element.scrollHeight;
  }, [text]);

  const found = useMemo(() => findLines(text.lines, search), [text, search]);
  const marked = useMemo(() => new Set(found), [found]);
  const show = (line: number): void => {
    stuck.current = false;
    box.current?.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: 'center' });
  };
  return (
    <div className="log">
      <div className="log-bar">
        <LogSearch search={search} found={found} set={setSearch} show={show} />
        <span className="dim">
          {text.lines.length} lines{text.dropped > 0 ? ` (the first ${text.dropped} are not shown)` : ''}
        </span>
        <DownloadLink
          name={`task-${task}-${stream}.txt`}
          href={`/v1/tasks/${task}/log?stream=${stream}${attempt === undefined ? '' : `&attempt=${attempt}`}`}
        />
      </div>
      {problem !== null && <div className="problem">{problem}</div>}
      <div
        className="log-box"
        ref={box}
        role="log"
        aria-label={`Output ${stream} of task ${task}`}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          stuck.current = scrollTop + clientHeight >= scrollHeight - 24;
        }}
      >
        {text.lines.map(({ number, text: line }) => (
          <LogLine key={number} number={number} text={line} found={marked.has(number)} />
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly number: number;
  readonly text: string;
  readonly found: boolean;
}

/** Drawn again only when it changes: there are thousands of them. */
const LogLine = memo(({ number, text, found }: LineProps) => (
  <div className={found ? 'log-line found' : 'log-line'} data-line={number}>
    {text.includes('\u001b') ? <Coloured text={text} /> : text}
  </div>
));

function Coloured({ text }: { text: string }) {
  const parts = Anser.ansiToJson(text, { use_classes: true, remove_empty: true });
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one line never move.
    <span key={index} className={[part.fg, part.bg && `${part.bg}-bg`, ...part.decorations].filter(Boolean).join(' ')}>
      {part.content}
    </span>
  ));
}
