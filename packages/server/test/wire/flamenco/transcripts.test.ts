import { describe, expect, it } from 'vitest';
import { flamencoLimits } from '../../../src/doors/flamenco/limits.ts';
import { flamencoTable } from '../../../src/doors/flamenco/table.ts';
import { submit } from '../../flamenco/lib/jobs.ts';
import { openPlace, type Place } from '../../flamenco/lib/place.ts';
import { dial, type Peer } from '../../lib/dial.ts';
import { type Transcript, transcripts } from './transcripts.ts';

/** How many bytes are written at a time; 0: a request in one piece. */
const cuts = [0, 1, 13];

describe('flamenco transcripts', () => {
  it('cover every row of the table', () => {
    const rows = flamencoTable({} as never, {} as never, flamencoLimits).map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(transcripts.flatMap((one) => one.rows))].sort()).toEqual(rows.toSorted());
  });

  it.each(transcripts.flatMap((one) => cuts.map((cut) => ({ ...one, cut }))))('$name, cut at $cut', async ({ lines, cut }) => {
    await using place = await openPlace();
    await using peer = await dial(place.port);
    peer.socket.setNoDelay(true);
    await play(place, peer, lines, cut);
  });
});

const secret = 'a'.repeat(64);

async function play(place: Place, peer: Peer, lines: Transcript['lines'], cut: number): Promise<void> {
  const known: string[] = [];
  const filled = (text: string): string => text.replace(/\$(\d)/g, (_, n: string) => known[Number(n) - 1] ?? '');
  let read = 0;
  let head = false;
  for (const line of lines) {
    const [, sign = '', text = ''] = /^(submit|U?>|<) ?(.*)$/s.exec(line) ?? [];
    if (sign === 'submit') {
      await submit(place, [{ commands: [{ name: 'echo', settings: { message: text.slice('echo '.length) } }] }]);
    } else if (sign === '<') {
      const { answer, end } = await answerOf(peer, read, head);
      read = end;
      const pattern = text.replace(/\((\w{24})\)/g, '$1');
      expect(answer).toBe(filled(pattern));
      for (const [, id = ''] of text.matchAll(/\((\w{24})\)/g)) if (!known.includes(id)) known.push(id);
    } else {
      head = text.startsWith('HEAD');
      await write(peer, request(filled(text), sign === 'U>', known[0]), cut);
    }
  }
}

/** With the headers that the worker sends; no body: no Content-Type. */
function request(text: string, user: boolean, id = ''): string {
  const [, method = '', path = '', body = ''] = /^(\w+) (\S+) ?(.*)$/s.exec(text) ?? [];
  const who = user ? 'Bearer admin' : `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const headers = [
    `Host: 127.0.0.1`,
    'User-Agent: Flamenco-Worker/2.5',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
    'Connection: keep-alive',
    ...(path === '/register-worker' ? [] : [`Authorization: ${who}`]),
    ...(body.startsWith('{') ? ['Content-Type: application/json'] : []),
    ...(method === 'POST' ? [`Content-Length: ${Buffer.byteLength(body)}`] : []),
  ];
  return `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

async function write({ socket }: Peer, text: string, cut: number): Promise<void> {
  const bytes = Buffer.from(text);
  const step = cut === 0 ? bytes.length : cut;
  for (let at = 0; at < bytes.length; at += step) {
    await new Promise((resolve) => socket.write(bytes.subarray(at, at + step), resolve));
  }
}

/** Status and body of the answer that begins at this byte. */
async function answerOf(peer: Peer, from: number, head: boolean): Promise<{ answer: string; end: number }> {
  let found: { answer: string; end: number } | null = null;
  await peer.until((all) => {
    found = parse(all.slice(from), head);
    return found !== null;
  });
  const { answer, end } = found ?? { answer: '', end: 0 };
  return { answer, end: from + end };
}

function parse(text: string, head: boolean): { answer: string; end: number } | null {
  const gap = text.indexOf('\r\n\r\n');
  if (gap < 0) return null;
  const headers = text.slice(0, gap).toLowerCase();
  const status = headers.split(' ')[1] ?? '';
  const start = gap + 4;
  if (head || status === '204') return { answer: status, end: start };
  const length = /content-length: (\d+)/.exec(headers)?.[1];
  if (length === undefined) {
    const end = text.indexOf('0\r\n\r\n', start);
    if (end < 0) return null;
    const body = text
      .slice(start, end)
      .replace(/(^|\r\n)[0-9a-f]+\r\n/g, '')
      .replace(/\r\n$/, '');
    return { answer: `${status} ${body}`, end: end + 5 };
  }
  const end = start + Number(length);
  return text.length < end ? null : { answer: `${status} ${text.slice(start, end)}`, end };
}
