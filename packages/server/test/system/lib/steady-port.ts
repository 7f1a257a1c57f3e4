import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range from which the system gives out ports by itself, so that nobody gets it while the server is down. */
const range = { first: 20_000, count: 12_000 };

/** A port of 127.0.0.1 on which a server can be started again and again. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = range.first + Math.floor(Math.random() * range.count);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
