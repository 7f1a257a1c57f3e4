import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench } from '../lib/bench.ts';
import type { Called } from '../lib/callers.ts';
import { Closing } from '../lib/closing.ts';
import { withCpu } from '../lib/cpu-time.ts';
import { figureOf, inRounds, linesOf, type Round } from '../lib/in-rounds.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';

const rounds = 5;
const callers = 32;
const roundMs = 1_200;
const warmMs = 800;

export const get: Bench = {
  name: 'get',
  title: 'GET one task over HTTP',
  method: `\`GET /v1/tasks/:id\` by ${callers} keep-alive connections of a lean client in a process of its own, against a bare node:http server that answers the same bytes without looking anything up.`,
  async run() {
    await using closing = new Closing();
    const server = closing.add(await startServer(closing.add(await tempFolder('get')).path));
    const { url, token } = server;
    const { job } = await createClient({ server: url, token }).jobs.submit({ spec: { argv: ['true'], cwd: '/' } });
    const path = `/v1/tasks/${job.firstTask}`;
    const body = await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).text();
    const bare = closing.add(startProgram('ours/bare-http.ts'));
    const bareUrl = await bare.call<string>('open', { body });
    const client = closing.add(startProgram('ours/http-gets.ts'));
    const rate = async (at: string, pid: number, ms: number): Promise<Round> => {
      const run = (): Promise<Called> => client.call('get', { url: at, path, token, ms, callers, body });
      const { result, cpuUs } = await withCpu([pid], run, ({ count }) => count);
      return { value: (result.count / result.ms) * 1_000, cpuUs };
    };
    await rate(url, server.pid, warmMs);
    await rate(bareUrl, bare.pid, warmMs);
    const figures = await inRounds(rounds, [
      { name: 'bare node:http', round: () => rate(bareUrl, bare.pid, roundMs) },
      { name: 'Switchyard', round: () => rate(url, server.pid, roundMs) },
    ]);
    const value = figureOf(figures, 'Switchyard') / figureOf(figures, 'bare node:http');
    return {
      lines: linesOf(figures, 'requests/s'),
      verdicts: [{ target: 'GET one task ÷ bare node:http', value, limit: 0.85, better: 'higher', unit: '×' }],
    };
  },
};
