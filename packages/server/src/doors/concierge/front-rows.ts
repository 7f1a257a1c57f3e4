import type { HttpRow } from '../kit/http-row.ts';
import { protocolVersion } from './version.ts';

const front = { right: null, parser: 'none', bodyLimit: 0, cors: null, tags: ['concierge'] } as const;

/** Open to everybody: they say nothing but that the door is here. */
export const socketRow: HttpRow = {
  ...front,
  method: 'GET',
  path: '/ws',
  summary: 'The socket of Concierge clients; needs an upgrade.',
  handle: () => ({ status: 400, body: 'This address speaks WebSocket only\n' }),
};

/** On the door's own port, where there is no front page of ours. */
export const frontRow: HttpRow = {
  ...front,
  method: 'GET',
  path: '/',
  summary: 'What this is.',
  handle: () => ({
    status: 200,
    body: `Switchyard, Concierge door: WebSocket at /ws, files at /fs. Version ${protocolVersion}, minimum version ${protocolVersion}.\n`,
  }),
};
