import type { Bench, Line, Verdict } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { median } from '../lib/figures.ts';
import { type Contestant, figureOf, inRounds, linesOf } from '../lib/in-rounds.ts';
import type { SelfFigures } from '../lib/self-meter.ts';
import { type Program, startProgram } from '../lib/start-program.ts';

/**
 * Not 10,000: each that enters is announced to all who are there, twice, so that entering costs the square of their number
 * (measured with others at work on two cores: 1,000 in 6 s, 2,000 in 11 s, 4,000 in 45 s; 10,000 would take minutes before the first round).
 */
const readers = 1_000;
const rounds = 5;
const roundMs = 1_000;
const batch = 10;
const bytes = 200;
const idleClients = 2_000;
const stuckRounds = 4;
const looks = 6;

const hubs = [
  { name: 'Switchyard', file: 'ours/hub-server.ts', dialect: 'concierge' },
  { name: 'bare ws loop', file: 'peers/live/ws-server.ts', dialect: 'bareWs' },
  { name: 'socket.io', file: 'peers/live/socket-io-server.ts', dialect: 'socketIo' },
] as const;

interface Playing {
  readonly name: string;
  readonly server: Program;
  readonly crowd: Program;
  readonly port: number;
  readonly dialect: string;
}

const perMicro = (cpuMs: number, deliveries: number): number => (cpuMs * 1_000) / deliveries;

export const concierge: Bench = {
  name: 'concierge',
  title: 'Live messages: one to many',
  method: `Hub and crowd are processes of their own; the crowd's clients read frames without looking into them, so that the hub is what is measured. One sender, batches of ${batch} messages of ${bytes} bytes, the next when all readers have the last. Ours carries the sender and the service in each message; the bare loop sends the ${bytes} bytes alone.`,
  async run(ground) {
    await using closing = new Closing();
    const playing: Playing[] = [];
    for (const { name, file, dialect } of hubs) {
      const server = closing.add(startProgram(file, ['--expose-gc']));
      const crowd = closing.add(startProgram('peers/live/crowd.ts'));
      const port = await server.call<number>('open');
      await crowd.call('enter', { name: dialect, port, subscribers: readers });
      await crowd.call('fanOut', { ms: 300, batch, bytes });
      playing.push({ name, server, crowd, port, dialect });
      ground.say(`${name}: ${readers} readers are here`);
    }
    const lines: Line[] = [];
    const verdicts: Verdict[] = [];
    const fan = await fanOut(playing, lines);
    const [ours = 0, bare = 0, io = 0] = fan;
    verdicts.push({ target: 'fan-out to 1,000 ÷ bare ws loop', value: ours / bare, limit: 0.9, better: 'higher', unit: '×' });
    verdicts.push({ target: 'fan-out to 1,000 ÷ socket.io', value: ours / io, limit: 3, better: 'higher', unit: '×' });
    await echoes(playing, lines);
    await stuckReader(playing, lines, verdicts);
    for (const { crowd } of playing) await crowd.call('leave');
    await idle(closing, lines, verdicts);
    await dumps(closing, lines);
    return { lines, verdicts };
  },
};

/** Deliveries a second, processor time of the hub for each, and the longest stall of its event loop. */
async function fanOut(playing: readonly Playing[], lines: Line[]): Promise<number[]> {
  const stalls = new Map<string, number[]>();
  const contestants: Contestant[] = playing.map(({ name, server, crowd }) => ({
    name,
    async round() {
      await server.call('begin');
      const { deliveries, ms } = await crowd.call<{ deliveries: number; ms: number }>('fanOut', { ms: roundMs, batch, bytes });
      const { cpuMs, stallMs } = await server.call<SelfFigures>('end');
      stalls.set(name, [...(stalls.get(name) ?? []), stallMs]);
      return { value: (deliveries / ms) * 1_000, cpuUs: perMicro(cpuMs, deliveries) };
    },
  }));
  const figures = await inRounds(rounds, contestants);
  lines.push(...linesOf(figures, 'deliveries/s'));
  for (const { name } of playing) lines.push({ what: `${name}: longest stall`, unit: 'ms', rounds: stalls.get(name) ?? [] });
  return playing.map(({ name }) => figureOf(figures, name));
}

async function echoes(playing: readonly Playing[], lines: Line[]): Promise<void> {
  for (const { name, crowd } of playing) {
    await crowd.call('echo', { count: 500, bytes });
    const { p50, p99 } = await crowd.call<{ p50: number; p99: number }>('echo', { count: 3_000, bytes });
    lines.push({ what: `${name}: round trip to oneself, p50`, unit: 'ms', rounds: [p50] });
    lines.push({ what: `${name}: round trip to oneself, p99`, unit: 'ms', rounds: [p99] });
  }
}

/** Delivery times of the others while one of the readers does not read. */
async function stuckReader(playing: readonly Playing[], lines: Line[], verdicts: Verdict[]): Promise<void> {
  const ours = playing[0];
  if (ours === undefined) return;
  const paced = { count: 60, everyMs: 40, bytes: 500 };
  const free: number[] = [];
  const stuck: number[] = [];
  for (let round = 0; round < stuckRounds; round++) {
    free.push((await ours.crowd.call<{ p99: number }>('paced', { ...paced, stuck: 0 })).p99);
    stuck.push((await ours.crowd.call<{ p99: number }>('paced', { ...paced, stuck: 1 })).p99);
  }
  lines.push({ what: 'Switchyard: delivery p99, all read', unit: 'ms', rounds: free });
  lines.push({ what: 'Switchyard: delivery p99 of the others, one does not read', unit: 'ms', rounds: stuck });
  const value = median(stuck) / median(free);
  verdicts.push({ target: 'p99 with a stuck reader ÷ without', value, limit: 1.25, better: 'lower', unit: '×' });
}

/** Memory once what was on its way has been read: the least of a few looks. */
async function settled(server: Program): Promise<SelfFigures> {
  let least = await server.call<SelfFigures>('end');
  for (let look = 0; look < looks; look++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await server.call<SelfFigures>('end');
    if (now.heapBytes < least.heapBytes) least = now;
  }
  return least;
}

async function idle(closing: Closing, lines: Line[], verdicts: Verdict[]): Promise<void> {
  const server = closing.add(startProgram('ours/hub-server.ts', ['--expose-gc']));
  const crowd = closing.add(startProgram('peers/live/crowd.ts'));
  const port = await server.call<number>('open');
  await crowd.call('enter', { name: 'concierge', port, subscribers: 100 });
  await server.call('begin');
  const before = await settled(server);
  const more = closing.add(startProgram('peers/live/idlers.ts'));
  await more.call('enter', { port, count: idleClients });
  const after = await settled(server);
  const kib = (after.heapBytes - before.heapBytes) / idleClients / 1_024;
  lines.push({ what: `Switchyard: memory of an idle client (heap and buffers, of ${idleClients})`, unit: 'KiB', rounds: [kib] });
  const rss = (after.rssBytes - before.rssBytes) / idleClients / 1_024;
  lines.push({ what: 'Switchyard: the same by resident memory', unit: 'KiB', rounds: [rss] });
  verdicts.push({ target: 'idle Concierge client', value: kib, limit: 12, better: 'lower', unit: 'KiB' });
}

/** The planetary service, ten times as fast: memory before and after. */
async function dumps(closing: Closing, lines: Line[]): Promise<void> {
  const server = closing.add(startProgram('ours/hub-server.ts', ['--expose-gc']));
  const crowd = closing.add(startProgram('peers/live/crowd.ts'));
  const port = await server.call<number>('open');
  await crowd.call('enter', { name: 'concierge', port, subscribers: 3 });
  await server.call('begin');
  await crowd.call('fanOut', { ms: 2_000, batch: 13, bytes: 2_500 });
  const early = await settled(server);
  const { deliveries } = await crowd.call<{ deliveries: number }>('fanOut', { ms: 10_000, batch: 13, bytes: 2_500 });
  const late = await settled(server);
  const mib = (late.heapBytes - early.heapBytes) / 1_048_576;
  const minutes = Math.round(deliveries / 3 / 130 / 60);
  lines.push({ what: `Switchyard: growth over ${minutes} minutes' worth of planetary dumps`, unit: 'MiB', rounds: [mib] });
}
