/** One event of a `text/event-stream`. */
export interface SseEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Longest event that a reader takes; a server of ours stays far below. */
const longestEvent = 16 * 1_048_576;

/** Reads `text/event-stream`: lines end in LF, CR or CR LF; an event ends at an empty line; comments are dropped. */
export async function* readSse(stream: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  const draft = newDraft();
  let rest = '';
  for await (const bytes of stream) {
    rest += decoder.decode(bytes, { stream: true });
    // A CR at the very end may be the first half of CR LF: it waits for what comes.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > longestEvent) throw new Error('an event of the stream is longer than 16 MiB');
    for (const line of lines) {
      if (line === '') {
        if (draft.data.length > 0) yield finish(draft);
      } else takeLine(draft, line);
    }
  }
}

interface Draft {
  id: string | null;
  event: string;
  data: string[];
}

const newDraft = (): Draft => ({ id: null, event: 'message', data: [] });

function finish(draft: Draft): SseEvent {
  const event = { id: draft.id, event: draft.event, data: draft.data.join('\n') };
  Object.assign(draft, newDraft());
  return event;
}

function takeLine(draft: Draft, line: string): void {
  const colon = line.indexOf(':');
  if (colon === 0) return;
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
  if (field === 'data') draft.data.push(value);
  else if (field === 'event') draft.event = value;
  else if (field === 'id' && !value.includes('\0')) draft.id = value;
}
