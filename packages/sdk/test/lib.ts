import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** `METHOD url` of every request, in order. */
  readonly asked: string[];
}

/** A server that answers by script; every request is given to the next step, the last one repeats. */
export async function scripted(
  ...steps: ((request: IncomingMessage, response: ServerResponse) => void)[]
): Promise<ScriptedServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const step = steps[Math.min(asked.length, steps.length - 1)];
    asked.push(`${request.method} ${request.url}`);
    step?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
