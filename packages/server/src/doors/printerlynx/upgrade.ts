import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { addressOf } from '../kit/connection-caps.ts';
import type { UpgradeRow } from '../kit/door.ts';
import { refuseUpgrade } from '../kit/upgrades.ts';
import type { PrinterlynxLimits } from './limits.ts';
import { base } from './row.ts';
import type { Accepted } from './talk.ts';

export interface UpgradeOptions {
  readonly limits: Pick<PrinterlynxLimits, 'messageBytes' | 'sockets'>;
  /** Sockets that are open. */
  readonly open: () => number;
  readonly user: (accepted: Accepted) => void;
  readonly agent: (accepted: Accepted) => void;
}

/** The sockets (printerlynx §1.2). Pages of any origin: what counts is the token. `/ws` may be another door's: see `door.ts`. */
export function upgradeRows({ limits, open, user, agent }: UpgradeOptions): UpgradeRow[] {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
  });
  const row = (path: string, accept: (accepted: Accepted) => void): UpgradeRow => ({
    path,
    origins: 'any',
    handle(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
      if (open() >= limits.sockets) {
        refuseUpgrade(socket, 503, 'There are too many connections here already');
        return true;
      }
      const address = addressOf(request.socket);
      server.handleUpgrade(request, socket, head, (websocket) => accept({ websocket, stream: socket, address }));
      return true;
    },
  });
  return [row(`${base}/ws`, user), row('/ws', user), row(`${base}/ws/agent`, agent), row('/agents/ws', agent)];
}
