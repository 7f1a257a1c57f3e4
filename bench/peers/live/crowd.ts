import { stamp } from '../../lib/clock.ts';
import { percentile } from '../../lib/figures.ts';
import { serveCalls } from '../../lib/program.ts';
import type { RawSocket } from '../../lib/raw-socket.ts';
import { type Dialect, dialects } from './dialects.ts';

/** Thousands of clients in one process: a publisher and its subscribers. */
interface Crowd {
  readonly dialect: Dialect;
  readonly publisher: RawSocket;
  readonly subscribers: RawSocket[];
}

let crowd: Crowd | null = null;
let left = 0;
let arrived = (): void => {};
let onEcho = (): void => {};
let stamps: { readonly from: Map<string, number>; readonly latencies: number[] } | null = null;

const atOnce = 50;

function onMessage(payload: Buffer): void {
  if (stamps !== null) {
    const text = payload.toString('latin1');
    const id = /#(\d+)#/.exec(text)?.[1] ?? '';
    stamps.latencies.push(stamp() - (stamps.from.get(id) ?? Number.NaN));
  }
  if (--left === 0) arrived();
}

function present(): Crowd {
  if (crowd === null) throw new Error('nobody is here');
  return crowd;
}

const filler = (bytes: number): string => 'm'.repeat(bytes);

serveCalls({
  async enter({ name, port, subscribers }: { name: keyof typeof dialects; port: number; subscribers: number }) {
    const dialect = dialects[name];
    const publisher = await dialect.publisher(port, () => onEcho());
    const all: RawSocket[] = [];
    for (let from = 0; from < subscribers; from += atOnce) {
      const some = Array.from({ length: Math.min(atOnce, subscribers - from) }, (_, i) =>
        dialect.subscriber(port, `s${from + i}`, onMessage),
      );
      all.push(...(await Promise.all(some)));
    }
    crowd = { dialect, publisher, subscribers: all };
  },
  /** Batches of messages, each begun when all have got the last one. */
  async fanOut({ ms, batch, bytes }: { ms: number; batch: number; bytes: number }) {
    const { dialect, publisher, subscribers } = present();
    const text = dialect.say(filler(bytes));
    const from = stamp();
    let deliveries = 0;
    while (stamp() - from < ms) {
      left = batch * subscribers.length;
      deliveries += left;
      const all = new Promise<void>((resolve) => (arrived = resolve));
      for (let i = 0; i < batch; i++) publisher.send(text);
      await all;
    }
    return { deliveries, ms: stamp() - from };
  },
  /** One message after the other to oneself. */
  async echo({ count, bytes }: { count: number; bytes: number }) {
    const { dialect, publisher } = present();
    const text = dialect.echo(filler(bytes));
    const took: number[] = [];
    for (let i = 0; i < count; i++) {
      const from = stamp();
      await new Promise<void>((resolve) => {
        onEcho = resolve;
        publisher.send(text);
      });
      took.push(stamp() - from);
    }
    return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
  },
  /** Evenly spaced messages; how long each took to each reader. `stuck`: so many of the readers do not read. */
  async paced({ count, everyMs, bytes, stuck }: { count: number; everyMs: number; bytes: number; stuck: number }) {
    const { dialect, publisher, subscribers } = present();
    for (const socket of subscribers.slice(0, stuck)) socket.pause();
    stamps = { from: new Map(), latencies: [] };
    left = count * (subscribers.length - stuck);
    const all = new Promise<void>((resolve) => (arrived = resolve));
    for (let i = 0; i < count; i++) {
      const from = stamp();
      stamps.from.set(String(i), from);
      publisher.send(dialect.say(`#${i}#${filler(bytes)}`));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    await all;
    const { latencies } = stamps;
    stamps = null;
    for (const socket of subscribers.splice(0, stuck)) socket.close();
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
  },
  leave() {
    for (const socket of crowd?.subscribers ?? []) socket.close();
    crowd?.publisher.close();
    crowd = null;
  },
  close: () => {},
});
