import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serveCalls } from '../lib/program.ts';

let close: () => void = () => {};

/** The least that a server can do with a submission that it must not lose: parse it, write its texts, flush them, answer. */
serveCalls({
  open({ folder }: { folder: string }) {
    let count = 0;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => void keep(Buffer.concat(parts).toString()).then(() => response.end('{}')));
    });
    async function keep(body: string): Promise<void> {
      const { top, dat, forces } = JSON.parse(body) as Record<string, string>;
      for (const text of [top, dat, forces]) {
        const handle = await open(join(folder, String(count++)), 'w');
        await handle.writeFile(text ?? '');
        await handle.sync();
        await handle.close();
      }
    }
    close = () => void server.close();
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
  },
  close: () => close(),
});
