import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WireEnd } from '@switchyard/sdk/worker-wire.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Peer, sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

/** A small generator of numbers that are the same for the same seed: 0 ≤ x < 1. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a server would have on disk: survives every cut. */
class Books {
  readonly logs = new Map<number, string>();
  readonly ends = new Map<number, WireEnd>();
  readonly given = new Set<number>();

  /** Takes over what came on a connection, as far as it had come when it was cut. */
  read(peer: Peer, until: number): void {
    for (const { task, offset, bytes } of peer.frames.slice(0, until)) {
      const log = this.logs.get(task) ?? '';
      expect(offset, `no gap in the log of task ${task}`).toBeLessThanOrEqual(log.length);
      this.logs.set(task, log.slice(0, offset) + Buffer.from(bytes).toString('latin1') + log.slice(offset + bytes.length));
    }
  }
}

test.each([1, 2, 3])(
  'cut at random moments (seed %i): every task runs once, every end arrives, every byte is there',
  async (seed) => {
    const random = dice(seed);
    const runs = join(yard.folder, 'runs');
    mkdirSync(runs);
    const lines = (task: number) => (task * 977) % 4_000;
    const script = (task: number) =>
      sh(`echo x >> ${runs}/${task}; i=0; while [ $i -lt ${lines(task)} ]; do i=$((i+1)); echo "task ${task} line $i"; done`);
    const expected = (task: number) =>
      Array.from({ length: lines(task) }, (_, index) => `task ${task} line ${index + 1}\n`).join('');
    const server = await yard.server({ welcome: false, ack: false, ackLogs: false });
    yard.worker(server);
    const books = new Books();
    const count = 24;
    for (let cuts = 0; books.ends.size < count; cuts += 1) {
      const peer = await server.peer();
      const held = peer.hello!.holds;
      // What it was given and does not hold never reached it: given again.
      for (const task of books.given)
        if (!books.ends.has(task) && !held.some((hold) => hold.task === task)) books.given.delete(task);
      const kill = held.filter(({ task }) => books.ends.has(task));
      peer.welcome({
        kill,
        logs: held.map(({ task, attempt }) => ({ task, attempt, out: books.logs.get(task)?.length ?? 0, err: 0, log: 0 })),
      });
      await session(peer, books, { count, script, cutAfter: cuts > 40 ? Infinity : Math.floor(random() * 25) });
    }
    for (let task = 1; task <= count; task += 1) {
      expect(books.ends.get(task)).toMatchObject({ outcome: 'succeeded' });
      expect(books.logs.get(task) ?? '').toBe(expected(task));
      expect(readFileSync(join(runs, String(task)), 'utf8')).toBe('x\n');
    }
    expect(readdirSync(runs)).toHaveLength(count);
  },
);

/** One connection: gives tasks within the four slots, commits what comes, cuts after so many messages. */
async function session(
  peer: Peer,
  books: Books,
  { count, script, cutAfter }: { count: number; script: (task: number) => ReturnType<typeof sh>; cutAfter: number },
): Promise<void> {
  let frames = 0;
  let ends = 0;
  for (;;) {
    const open = [...books.given].filter((task) => !books.ends.has(task)).length;
    for (let free = 4 - open, task = 1; free > 0 && task <= count; task += 1) {
      if (books.given.has(task)) continue;
      books.given.add(task);
      peer.run({ task, ...script(task) });
      free -= 1;
    }
    await peer.until(() => peer.order.length > frames + ends + 1);
    books.read(peer, peer.frames.length);
    for (const { task, attempt, stream } of peer.frames.slice(frames)) {
      peer.say({ m: 'logged', task, attempt, stream, length: books.logs.get(task)!.length });
    }
    frames = peer.frames.length;
    for (const end of peer.all('end').slice(ends)) {
      expect(books.logs.get(end.task)?.length ?? 0).toBe(end.logs?.out);
      books.ends.set(end.task, end);
      peer.say({ m: 'ended', task: end.task, attempt: end.attempt });
    }
    ends = peer.all('end').length;
    if (books.ends.size === count || frames + ends > cutAfter) break;
  }
  peer.cut();
}
