export interface LogLineText {
  readonly number: number;
  readonly text: string;
}

export interface LogText {
  readonly lines: readonly LogLineText[];
  /** Lines that were let go at the beginning. */
  readonly dropped: number;
}

export const emptyText: LogText = { lines: [], dropped: 0 };

const mostLines = 5_000;
const longest = 10_000;

/** Joins a piece onto what is there; the last line may be unfinished. Keeps the newest lines; a carriage return begins its line anew. */
export function appendText(now: LogText, piece: string, most: number = mostLines): LogText {
  if (piece === '') return now;
  const last = now.lines.at(-1);
  const first = last?.number ?? 1;
  const texts = ((last?.text ?? '') + piece).split('\n').map(shown);
  const added = texts.map((text, index) => ({ number: first + index, text }));
  const lines = [...now.lines.slice(0, -1), ...added];
  const over = Math.max(0, lines.length - most);
  return { lines: over === 0 ? lines : lines.slice(over), dropped: now.dropped + over };
}

function shown(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1).slice(0, longest);
}
