import type { Door } from '../kit/door.ts';
import { apiContext } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { apiDialect } from './dialect.ts';
import { apiTable } from './table.ts';
import { workerSocket } from './worker-socket/upgrade.ts';

/** Our own door: `/v1`, the worker's socket, health, metrics. */
export function createApiDoor(deps: ApiDeps): Door {
  const context = apiContext(deps);
  const workers = workerSocket(context);
  let stopListening = (): void => {};
  return {
    name: 'api',
    title: 'our command line, SDK, worker and anyone: HTTP, server-sent events, WebSocket',
    rows: apiTable(context),
    dialect: apiDialect(deps.auth),
    upgrades: [workers.row],
    raw: null,
    ports: [],
    opens: [{ name: 'registration', text: 'anybody may make an account for himself, which may print and nothing else' }],
    start: async () => {
      stopListening = deps.access.onEnded(({ principal, session }) => {
        // One session of several: what the others have open stays.
        context.life.end(session ?? principal);
        if (session === null) workers.end(principal);
      });
    },
    close: async () => {
      stopListening();
      context.life.close();
      workers.close();
    },
    status: () => ({ connections: context.life.open + workers.count, notes: ['described at /openapi.json'] }),
  };
}
