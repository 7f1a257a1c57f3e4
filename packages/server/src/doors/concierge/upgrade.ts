import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { addressOf, ConnectionCaps } from '../kit/connection-caps.ts';
import type { UpgradeRow } from '../kit/door.ts';
import { refuseUpgrade } from '../kit/upgrades.ts';
import type { ConciergeLimits } from './limits.ts';
import type { Accepted } from './link.ts';

export const subprotocol = 'ert-concierge';

export interface UpgradeOptions {
  readonly limits: Pick<ConciergeLimits, 'messageBytes' | 'clients' | 'clientsPerAddress'>;
  /** Null: pages of any origin, as the reference does. A request without `Origin` always may. */
  readonly origins: ReadonlySet<string> | null;
  /** Why this address may not come in; null: it may. */
  readonly turnedAway: (address: string) => { readonly status: number; readonly text: string } | null;
  readonly accept: (accepted: Accepted) => void;
}

/** `/ws` (concierge §1). A missing upgrade is answered by the row of the same path (`front-rows.ts`). */
export function upgradeRow(options: UpgradeOptions): UpgradeRow {
  const { limits, origins } = options;
  const caps = new ConnectionCaps({ perAddress: limits.clientsPerAddress, total: limits.clients });
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: () => subprotocol,
  });

  function handle(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const address = addressOf(request.socket);
    const refusal = refusalOf(request, address);
    if (refusal !== null) {
      refuseUpgrade(socket, refusal.status, refusal.text);
      return true;
    }
    if (!caps.enter(address)) {
      refuseUpgrade(socket, 503, 'There are too many clients here already');
      return true;
    }
    socket.once('close', () => caps.leave(address));
    const named = reduceOffer(request);
    server.handleUpgrade(request, socket, head, (websocket) => {
      options.accept({ websocket, stream: socket, address, named });
    });
    return true;
  }

  function refusalOf({ headers }: IncomingMessage, address: string): { status: number; text: string } | null {
    const { origin, host } = headers;
    if (origins !== null && origin !== undefined && !sameOrigin(origin, host) && !origins.has(origin.toLowerCase())) {
      return { status: 403, text: 'Pages of this origin may not connect' };
    }
    return options.turnedAway(address);
  }

  return { path: '/ws', origins: 'any', handle };
}

const sameOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());

/**
 * Trap T1: the Python services offer the thirteen letters of the name, one by one, and ws refuses an offer that repeats itself.
 * So ours is left alone in the header, or nothing. True: there was such a header at all.
 */
function reduceOffer({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined) return false;
  const names = offered.split(',').map((name) => name.trim());
  if (names.includes(subprotocol)) headers['sec-websocket-protocol'] = subprotocol;
  else delete headers['sec-websocket-protocol'];
  return true;
}
