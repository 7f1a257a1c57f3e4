import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { serveCalls } from '../lib/program.ts';

let close: () => void = () => {};

/** The least that a server can do with a file: put the body into a file as it comes, flushed at its end. */
serveCalls({
  open({ folder }: { folder: string }) {
    let count = 0;
    const server = createServer((request, response) => {
      const to = createWriteStream(join(folder, String(count++)), { flush: true });
      void pipeline(request, to).then(() => response.end('{}'));
    });
    close = () => void server.close();
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
  },
  close: () => close(),
});
