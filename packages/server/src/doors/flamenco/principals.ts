import type { Principal } from '../../domain/principal.ts';

/** Owner of all workers of this door. */
export const owner = 'door:flamenco';

/** What every worker of this door may do: run what it is given. Tasks of others it cannot see. */
export const workers: Principal = {
  id: owner,
  name: 'Flamenco workers',
  rights: ['worker:run', 'worker:read'],
  scope: 'own',
  kinds: null,
};

/** The door's own look at tasks, to tell an unknown one from somebody else's. Nothing of it is shown. */
export const lookup: Principal = {
  id: owner,
  name: 'Flamenco door',
  rights: ['job:read', 'worker:read', 'worker:run'],
  scope: 'all',
  kinds: null,
};

/** The door's own housekeeping: workers that went for good, twins. */
export const housekeeping: Principal = {
  id: owner,
  name: 'Flamenco door: housekeeping',
  rights: ['worker:read', 'worker:control'],
  scope: 'own',
  kinds: null,
};
