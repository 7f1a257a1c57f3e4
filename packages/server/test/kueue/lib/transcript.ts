import { connect, type Socket } from 'node:net';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { answerTo } from './client.ts';
import { type Place, secret } from './place.ts';

/**
 * A transcript is a text, one step per line:
 *
 *     # a comment
 *     pool matlab 2          before anything else: a pool that exists
 *     c> "HelloFromClient"   peer `c` (any name; it connects when it is first named) sends this
 *     c< "WelcomeClient"     and gets exactly this
 *     c|                     the server hangs up
 *     c!                     the peer hangs up
 *     @ 1000                 so many ms pass
 *     stop                   the server is stopped
 *
 * `{{proof}}` in what is sent stands for the answer to the last challenge of that peer.
 */
export type Step =
  | { readonly do: 'send' | 'get'; readonly peer: string; readonly text: string }
  | { readonly do: 'closed' | 'leave'; readonly peer: string }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'stop' };

export interface Transcript {
  readonly pools: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

export function parseTranscript(text: string): Transcript {
  const pools: Record<string, number> = {};
  const steps: Step[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const pool = /^pool (\S+) (\d+)$/.exec(line);
    const pass = /^@ (\d+)$/.exec(line);
    const peer = /^(\w+)([<>|!]) ?(.*)$/.exec(line);
    if (pool !== null) pools[pool[1]!] = Number(pool[2]);
    else if (pass !== null) steps.push({ do: 'pass', ms: Number(pass[1]) });
    else if (line === 'stop') steps.push({ do: 'stop' });
    else if (peer === null) throw new Error(`not a step: ${line}`);
    else steps.push(stepOf(peer[1]!, peer[2]!, peer[3]!));
  }
  return { pools, steps };
}

function stepOf(peer: string, mark: string, text: string): Step {
  if (mark === '>') return { do: 'send', peer, text };
  if (mark === '<') return { do: 'get', peer, text };
  return { do: mark === '|' ? 'closed' : 'leave', peer };
}

/** How bytes are handed over: each line by itself, one byte at a time, or joined and cut at random places. */
export type Cutting = 'lines' | 'bytes' | number;

class Player {
  readonly socket: Socket;
  unread = '';
  ended = false;
  salt = '';
  /** Sent lines that wait to be joined with the next. */
  queued = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => {
      this.unread += text;
      this.salt = /"salt":"(\w+)"/.exec(this.unread)?.[1] ?? this.salt;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {});
  }
}

/** Enough turns for everything that was sent to be heard, done and answered: peers and server live in the same event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 250; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Plays it; returns it again with what really came in place of what was expected. Equal texts: it went as written. */
export async function play(place: Place, { steps }: Transcript, cutting: Cutting): Promise<string[]> {
  const players = new Map<string, Player>();
  const random = createSeededRandom(String(cutting));
  const seen: string[] = [];

  function of(name: string): Player {
    const player = players.get(name) ?? new Player(place.ownPort);
    players.set(name, player);
    return player;
  }

  async function flush(player: Player): Promise<void> {
    const bytes = Buffer.from(player.queued);
    player.queued = '';
    for (let at = 0; at < bytes.length; ) {
      const n = cutting === 'lines' ? bytes.length : cutting === 'bytes' ? 1 : 1 + random.below(60);
      await new Promise((resolve) => player.socket.write(bytes.subarray(at, at + n), resolve));
      await new Promise((resolve) => setImmediate(resolve));
      at += n;
    }
  }

  async function flushAll(): Promise<void> {
    for (const player of players.values()) if (player.queued !== '') await flush(player);
    await settle();
  }

  for (const [i, step] of steps.entries()) {
    if (step.do === 'send') {
      const player = of(step.peer);
      const next = steps[i + 1];
      if (step.text.includes('{{proof}}')) await flushAll();
      player.queued += step.text.replace('{{proof}}', answerTo(secret, player.salt));
      seen.push(`${step.peer}> ${step.text}`);
      const joined = typeof cutting === 'number' && next?.do === 'send' && next.peer === step.peer;
      if (!joined) await flushAll();
    } else if (step.do === 'get') {
      await flushAll();
      const player = of(step.peer);
      const end = player.unread.startsWith(step.text) ? step.text.length : endOfFirst(player.unread);
      seen.push(`${step.peer}< ${player.unread.slice(0, end)}`);
      player.unread = player.unread.slice(end);
    } else if (step.do === 'closed') {
      await flushAll();
      seen.push(of(step.peer).ended ? `${step.peer}|` : `${step.peer} is still connected`);
    } else if (step.do === 'leave') {
      of(step.peer).socket.destroy();
      await settle();
      seen.push(`${step.peer}!`);
    } else if (step.do === 'pass') {
      await flushAll();
      await place.clock.advance(step.ms);
      await settle();
      seen.push(`@ ${step.ms}`);
    } else {
      const closing = place.close();
      await settle();
      seen.push('stop');
      void closing;
    }
  }
  await settle();
  for (const [name, { unread, socket }] of players) {
    if (unread !== '') seen.push(`${name}< ${unread}`);
    socket.destroy();
  }
  return seen;
}

/** For the report only: where the value that came instead ends. */
function endOfFirst(text: string): number {
  for (let at = 1; at <= text.length; at++) {
    try {
      JSON.parse(text.slice(0, at));
      return at;
    } catch {
      // Not whole yet.
    }
  }
  return text.length;
}

/** The steps of a text, one line each, as `play` writes them. */
export function linesOf({ steps }: Transcript): string[] {
  return steps.map((step) => {
    if (step.do === 'send') return `${step.peer}> ${step.text}`;
    if (step.do === 'get') return `${step.peer}< ${step.text}`;
    if (step.do === 'closed') return `${step.peer}|`;
    if (step.do === 'leave') return `${step.peer}!`;
    return step.do === 'pass' ? `@ ${step.ms}` : 'stop';
  });
}
