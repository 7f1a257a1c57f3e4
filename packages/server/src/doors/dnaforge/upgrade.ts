import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { addressOf, ConnectionCaps } from '../kit/connection-caps.ts';
import type { UpgradeRow } from '../kit/door.ts';
import { refuseUpgrade } from '../kit/upgrades.ts';
import { spelling } from './codes.ts';
import type { Gate } from './gate.ts';
import type { DnaforgeLimits } from './limits.ts';
import type { Accepted } from './link.ts';

export interface UpgradeOptions {
  readonly gate: Gate;
  readonly limits: Pick<DnaforgeLimits, 'bodyBytes' | 'sockets' | 'socketsPerAddress'>;
  readonly accept: (accepted: Accepted) => void;
}

/** The socket at `/` (dnaforge §1.1). Pages are checked against the door's own list. */
export function upgradeRow({ gate, limits, accept }: UpgradeOptions): UpgradeRow {
  const caps = new ConnectionCaps({ perAddress: limits.socketsPerAddress, total: limits.sockets });
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.bodyBytes,
  });

  function handle(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    // Whoever wants a sub-protocol wants somebody else.
    if (request.headers['sec-websocket-protocol'] !== undefined) return false;
    const address = addressOf(request.socket);
    const refusal = gate.stranger(request.headers as Readonly<Record<string, string | undefined>>, address);
    if (refusal !== null) {
      refuseUpgrade(socket, Number(spelling.codes[refusal.code]), refusal.detail);
      return true;
    }
    if (!caps.enter(address)) {
      refuseUpgrade(socket, 503, 'There are too many clients here already');
      return true;
    }
    socket.once('close', () => caps.leave(address));
    server.handleUpgrade(request, socket, head, (websocket) => accept({ websocket, stream: socket }));
    return true;
  }

  return { path: '/', origins: 'any', handle };
}
