import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Knows which HTTP connections have an answer under way. node:http has `closeIdleConnections`, but takes a connection for idle
 * whose last answer is handed in and not yet written: a long answer would be cut off.
 */
export class HttpConnections {
  readonly #sockets = new Set<Socket>();
  readonly #open = new Set<ServerResponse>();
  #ending = false;

  constructor(server: Server) {
    server.prependListener('request', (_request, response) => this.#began(response));
    // From now on it is the door's that takes the upgrade.
    server.prependListener('upgrade', (_request: IncomingMessage, socket) => void this.#sockets.delete(socket as Socket));
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Ends connections that wait for their next request, now and whenever an answer has been written from now on. */
  endIdle(): void {
    this.#ending = true;
    const busy = new Set([...this.#open].map((response) => response.req.socket));
    for (const socket of this.#sockets) if (!busy.has(socket)) socket.destroySoon();
  }

  #began(response: ServerResponse): void {
    this.#open.add(response);
    response.on('close', this.#onClose);
  }

  /** One listener for all answers: `this` is the answer that was written or whose peer is gone. */
  readonly #onClose = listener((response: ServerResponse) => {
    this.#open.delete(response);
    if (this.#ending) this.endIdle();
  });
}

function listener(call: (response: ServerResponse) => void): (this: ServerResponse) => void {
  return function onClose(this: ServerResponse): void {
    call(this);
  };
}
