import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { workerProtocol } from '@switchyard/sdk/worker-wire.ts';
import { WebSocketServer } from 'ws';
import { errors, type Result, refuse } from '../../../domain/errors.ts';
import { may, type Principal } from '../../../domain/principal.ts';
import { addressOf } from '../../kit/connection-caps.ts';
import type { UpgradeRow } from '../../kit/door.ts';
import { bearer } from '../../kit/login.ts';
import { refuseUpgrade } from '../../kit/upgrades.ts';
import type { ApiContext } from '../context.ts';
import { problemOf } from '../problem.ts';
import { WorkerLink } from './worker-link.ts';

/** Longest frame that a worker may send: an `end` with many artifacts, a `hello` with many attempts. */
const maxPayload = 32 * 1_048_576;

/** The socket of our workers (`sdk/worker-wire.ts`). */
export interface WorkerSocket {
  readonly row: UpgradeRow;
  readonly count: number;
  /** Ends the sockets of a principal whose credential is no longer good. */
  end(by: string): void;
  /** Workers keep their tasks and come back when the server does. */
  close(): void;
}

export function workerSocket(context: ApiContext): WorkerSocket {
  const links = new Set<WorkerLink>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: () => workerProtocol,
  });
  let closing = false;

  async function admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const who = await authorised(context, request, links.size);
    if (who.refusal !== undefined) {
      const { status } = errors[who.refusal.code];
      const body = JSON.stringify(problemOf(who.refusal));
      refuseUpgrade(socket, status, body, { 'content-type': 'application/problem+json' });
      return;
    }
    if (socket.destroyed || closing) {
      socket.destroy();
      return;
    }
    server.handleUpgrade(request, socket, head, (websocket) => {
      const link = new WorkerLink(context, who.value, websocket, socket, () => links.delete(link));
      links.add(link);
    });
  }

  return {
    row: {
      path: '/v1/worker',
      origins: 'configured',
      handle(request, socket, head) {
        admit(request, socket, head).catch((error: unknown) => {
          context.log.error({ event: 'worker-socket.failed', err: error });
          socket.destroy();
        });
        return true;
      },
    },
    get count() {
      return links.size;
    },
    end(by) {
      for (const link of links) if (link.by === by) link.close(4401, 'this token is no longer valid');
    },
    close() {
      closing = true;
      for (const link of links) link.close(1012, 'the server is stopping');
    },
  };
}

async function authorised(context: ApiContext, request: IncomingMessage, present: number): Promise<Result<Principal>> {
  const headers = request.headers as Readonly<Record<string, string | undefined>>;
  const who = await bearer(context.auth, { headers, remote: addressOf(request.socket) });
  if (who.refusal !== undefined) return who;
  if (!may(who.value, 'worker:run')) {
    return refuse('forbidden', `This needs the right worker:run, which ${who.value.name} does not have`);
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(workerProtocol)) return refuse('malformed', `The sub-protocol must be ${workerProtocol}`);
  if (present >= context.limits.workers) return refuse('too_many', `There are ${present} workers here already`);
  return who;
}
