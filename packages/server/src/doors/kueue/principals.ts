import type { Principal } from '../../domain/principal.ts';

const kinds = ['shell'];

/** Anybody who connects: reading shell tasks, workers and pools (kueue §3: the real client never authenticates for these). */
export const stranger: Principal = {
  id: 'door:kueue:anonymous',
  name: 'Kueue client without the secret',
  rights: ['job:read', 'worker:read', 'pool:read'],
  scope: 'all',
  kinds,
};

/** Whoever knows the shared secret, client or worker: one secret, one owner. */
export const trusted: Principal = {
  id: 'door:kueue',
  name: 'Kueue',
  rights: ['job:read', 'job:submit', 'job:control', 'worker:read', 'worker:run', 'pool:read'],
  scope: 'all',
  kinds,
};

/** The door's own start: pools from the configuration. */
export const configuration: Principal = {
  id: 'door:kueue:configuration',
  name: 'Kueue door configuration',
  rights: ['pool:read', 'pool:write'],
  scope: 'all',
  kinds,
};
