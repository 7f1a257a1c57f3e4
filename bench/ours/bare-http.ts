import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveCalls } from '../lib/program.ts';

let close: () => void = () => {};

/** node:http that answers one ready text to everything: nothing in Node that speaks HTTP can be faster. */
serveCalls({
  open({ body }: { body: string }) {
    const bytes = Buffer.from(body);
    const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length };
    const server = createServer((_request, response) => response.writeHead(200, headers).end(bytes));
    close = () => void server.close();
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
  },
  close: () => close(),
});
