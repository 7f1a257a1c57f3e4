import type { HttpRow } from '../kit/http-row.ts';
import { accountRows } from './account-rows.ts';
import { agentRows } from './agent-rows.ts';
import { type FileDeps, fileRows } from './file-rows.ts';
import { cors } from './row.ts';

/** Every request over HTTP (printerlynx §2). What comes and goes over the sockets stands in `socket-table.ts`. */
export function printerlynxTable(desk: FileDeps): readonly HttpRow[] {
  return [health, ...accountRows(desk), ...fileRows(desk), ...agentRows(desk)];
}

const health: HttpRow = {
  method: 'GET',
  path: '/health',
  summary: 'Whether the server lives.',
  // Asked by supervisors without a token; tells nothing.
  ...{ right: null, open: true },
  parser: 'none',
  bodyLimit: 0,
  cors,
  tags: ['printerlynx'],
  handle: () => ({ status: 200, body: 'OK' }),
};
