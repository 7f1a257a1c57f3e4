import type { Bench } from '../lib/bench.ts';
import type { Called } from '../lib/callers.ts';
import { Closing } from '../lib/closing.ts';
import { withCpu } from '../lib/cpu-time.ts';
import { type Contestant, figureOf, inRounds, linesOf } from '../lib/in-rounds.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';
import { openPeers } from '../peers/open-peers.ts';

const callers = 32;
const warmMs = 500;
const roundMs = 1_500;
const rounds = 5;

const ours = { engine: 'Switchyard, in the process', http: 'Switchyard, HTTP', sdk: 'Switchyard, HTTP by our SDK' } as const;

interface Entry {
  readonly program: Program;
  /** Process id of the server, 0: none. */
  readonly server: number;
  readonly call?: string;
  /** Untimed. */
  readonly after?: () => Promise<unknown>;
}

export const submit: Bench = {
  name: 'submit',
  title: 'Durable submit, one call per task',
  method: `${callers} callers in one process, each with one call under way, each call answered after its job is on disk. The peers' libraries over Unix sockets; ours over TCP to \`POST /v1/jobs\`, and beside it the engine without HTTP.`,
  async run(ground) {
    await using closing = new Closing();
    const { open, leftOut } = await openPeers(ground, closing);
    const contestants: Contestant[] = [];
    const enter = async (name: string, { program, server, call = 'submit', after }: Entry): Promise<void> => {
      await program.call(call, { ms: warmMs, callers });
      contestants.push({
        name,
        async round() {
          const run = (): Promise<Called> => program.call(call, { ms: roundMs, callers });
          const { result, cpuUs } = await withCpu([program.pid, server], run, ({ count }) => count);
          await after?.();
          return { value: (result.count / result.ms) * 1_000, cpuUs };
        },
      });
    };

    const engine = closing.add(startProgram('ours/engine-adds.ts'));
    await engine.call('open', { at: closing.add(await tempFolder('engine')).path });
    await enter(ours.engine, { program: engine, server: 0 });
    const server = closing.add(await startServer(closing.add(await tempFolder('server')).path));
    const http = closing.add(startProgram('ours/http-adds.ts'));
    await http.call('open', { url: server.url, token: server.token });
    await enter(ours.http, { program: http, server: server.pid });
    await enter(ours.sdk, { program: http, server: server.pid, call: 'submitWithSdk' });
    for (const { peer, adds, pid } of open)
      await enter(peer.name, { program: adds, server: pid, after: () => adds.call('clear') });

    const figures = await inRounds(rounds, contestants);
    const best = Math.max(...open.map(({ peer }) => figureOf(figures, peer.name)));
    const ratio = (name: string): number => figureOf(figures, name) / best;
    const target = 'durable submit ÷ best peer';
    return {
      lines: linesOf(figures, 'jobs/s'),
      leftOut,
      verdicts: Number.isFinite(best)
        ? [
            { target: `${target} (HTTP)`, value: ratio(ours.http), limit: 2, better: 'higher', unit: '×' },
            { target: `${target} (engine)`, value: ratio(ours.engine), limit: 2, better: 'higher', unit: '×' },
          ]
        : [],
    };
  },
};
