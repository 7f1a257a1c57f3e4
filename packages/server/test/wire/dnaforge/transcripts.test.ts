import { describe, expect, it } from 'vitest';
import { requests } from '../../../src/doors/dnaforge/socket-table.ts';
import { masked } from '../../concierge/lib/wire-client.ts';
import { type Ears, Editor } from '../../dnaforge/lib/client.ts';
import { openPlace } from '../../dnaforge/lib/place.ts';
import { dial, type Peer } from '../../lib/dial.ts';
import { until } from '../../lib/until.ts';
import { type Transcript, transcripts } from './transcripts.ts';

/** How many bytes are written at a time; 0: all that is said in one piece. */
const cuts = [0, 1, 3, 7];

describe('dnaforge transcripts', () => {
  it('cover every row of both tables', async () => {
    await using place = await openPlace();
    const rows = [...place.door.rows.map(({ method, path }) => `${method} ${path}`), ...Object.keys(requests)];
    expect([...new Set(transcripts.flatMap((one) => one.rows))].sort()).toEqual(rows.sort());
  });

  it.each(transcripts.flatMap((one) => cuts.map((cut) => ({ ...one, cut }))))(
    '$name, cut at $cut',
    async ({ lines, auth, cut }) => {
      await using place = await openPlace();
      const editor = await Editor.enter(place.port, auth === undefined ? {} : { path: auth });
      const ears = await editor.socket();
      await using peer = await dial(place.port);
      await play(lines, { editor, ears, peer }, cut);
    },
  );
});

async function play(lines: Transcript['lines'], { editor, ears, peer }: Places, cut: number): Promise<void> {
  for (const line of lines) {
    const [, sign = '', text = ''] = /^(W?[<>]) (.*)$/.exec(line) ?? [];
    if (sign === 'W>') await cutUp(ears.wire.socket, masked(0x1, Buffer.from(text), true), cut);
    else if (sign === 'W<') expect(await ears.wire.hearText()).toBe(text);
    else if (sign === '>') await cutUp(peer.socket, Buffer.from(requestOf(text, editor.token)), cut);
    else {
      const { head, body } = await answerOf(peer);
      const shown = `${/^HTTP\/1\.1 (.*)$/m.exec(head)?.[1]?.trim()} ${body}`;
      if (text.endsWith('…')) expect(shown.startsWith(text.slice(0, -1))).toBe(true);
      else expect(shown).toBe(text);
    }
  }
}

interface Places {
  readonly editor: Editor;
  readonly ears: Ears;
  readonly peer: Peer;
}

function requestOf(text: string, token: string): string {
  const [, method, path, body = ''] = /^(\S+) (\S+) ?(.*)$/.exec(text) ?? [];
  // As the editor sends it: a type also where there is no body.
  const head = `Host: 127.0.0.1\r\nAuthorization: ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`;
}

const read = new WeakMap<Peer, number>();

/** The next whole answer: by its length, or in chunks, or none. */
async function answerOf(peer: Peer): Promise<{ head: string; body: string }> {
  const from = read.get(peer) ?? 0;
  const seen = (): string => peer.seen.slice(from);
  await until(() => seen().includes('\r\n\r\n'));
  const head = seen().slice(0, seen().indexOf('\r\n\r\n'));
  const start = head.length + 4;
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  const chunked = /^transfer-encoding: chunked/im.test(head);
  const size = (): number => (chunked ? seen().indexOf('0\r\n\r\n', start) + 5 - start : Number(length ?? 0));
  await until(() => (chunked ? size() > 4 : seen().length >= start + size()));
  read.set(peer, from + start + size());
  return { head, body: seen().slice(start, start + size()) };
}

async function cutUp(socket: { write(bytes: Buffer, done: () => void): unknown }, bytes: Buffer, cut: number): Promise<void> {
  const step = cut === 0 ? bytes.length : cut;
  for (let at = 0; at < bytes.length; at += step) {
    await new Promise<void>((resolve) => socket.write(bytes.subarray(at, at + step), () => resolve()));
  }
}
