import type { Door } from '../kit/door.ts';
import { apiContext } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { apiDialect } from './dialect.ts';
import { apiTable } from './table.ts';

/** Our own door: `/v1`, the worker's socket, health, metrics. */
export function createApiDoor(deps: ApiDeps): Door {
  const context = apiContext(deps);
  return {
    name: 'api',
    title: 'our command line, SDK, worker and anyone: HTTP, server-sent events, WebSocket',
    rows: apiTable(context),
    dialect: apiDialect(deps.auth),
    upgrades: [],
    raw: null,
    ports: [],
    opens: [],
    start: async () => {},
    close: async () => {
      context.life.close();
    },
    status: () => ({ connections: context.life.open, notes: ['described at /openapi.json'] }),
  };
}
