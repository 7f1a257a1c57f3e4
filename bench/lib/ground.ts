import type { LeftOut } from './bench.ts';
import { type ForeignServer, startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

export type Foreign = 'postgres' | 'redis';

/** What all benches of one run share: the foreign servers, started when first asked for. */
export interface Ground {
  /** Or why it could not be started. */
  foreign(name: Foreign): Promise<ForeignServer | LeftOut>;
  readonly started: readonly ForeignServer[];
  /** One line for whoever watches. */
  say(text: string): void;
  close(): Promise<void>;
}

const start = { postgres: startPostgres, redis: startRedis };

export function openGround(say: (text: string) => void): Ground {
  const servers = new Map<Foreign, Promise<ForeignServer | LeftOut>>();
  const started: ForeignServer[] = [];
  async function open(name: Foreign): Promise<ForeignServer | LeftOut> {
    try {
      const server = await start[name]();
      started.push(server);
      return server;
    } catch (cause) {
      return { who: name, why: (cause as Error).message };
    }
  }
  return {
    started,
    say,
    foreign(name) {
      const server = servers.get(name) ?? open(name);
      servers.set(name, server);
      return server;
    },
    async close() {
      for (const server of started) await server.close();
    },
  };
}
