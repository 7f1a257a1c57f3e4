/** The rights that commands and queries ask for. A door with no login acts as a fixed least principal. */
export const rights = [
  'job:submit',
  'job:read',
  'job:control',
  'worker:run',
  'worker:read',
  'worker:control',
  'pool:read',
  'pool:write',
  'file:read',
  'file:write',
  'hub:use',
  'print',
  'admin:read',
  'admin:write',
] as const;
export type Right = (typeof rights)[number];

export type Role = 'admin' | 'operator' | 'submitter' | 'worker' | 'viewer' | 'print';

export interface RoleRow {
  readonly rights: readonly Right[];
  readonly scope: Scope;
  /** Task kinds that it may submit or run; absent: any. */
  readonly kinds?: readonly string[];
  readonly text: string;
}

export const roles: Readonly<Record<Role, RoleRow>> = {
  admin: { rights, scope: 'all', text: 'everything, tokens included' },
  operator: {
    rights: rights.filter((right) => right !== 'worker:run' && !right.startsWith('admin:')),
    scope: 'all',
    text: 'all jobs, workers and pools, but no tokens',
  },
  submitter: {
    rights: ['job:submit', 'job:read', 'job:control', 'worker:read', 'pool:read', 'file:read', 'file:write', 'hub:use', 'print'],
    scope: 'own',
    text: 'its own jobs',
  },
  worker: { rights: ['worker:run', 'file:read', 'file:write'], scope: 'own', text: 'taking and reporting tasks' },
  viewer: {
    rights: ['job:read', 'worker:read', 'pool:read', 'file:read'],
    scope: 'all',
    text: 'reading everything, changing nothing',
  },
  // What self-registration gives.
  print: {
    rights: ['print', 'job:submit', 'job:read', 'job:control', 'file:read', 'file:write'],
    scope: 'own',
    kinds: ['print'],
    text: 'its own printers and prints, nothing else',
  },
};

/** `own`: only jobs whose owner it is. */
export type Scope = 'own' | 'all';

/** On whose behalf a command runs. */
export interface Principal {
  /** `token:3`, `user:ada`, `door:kueue`, `system`. */
  readonly id: string;
  /** For the audit trail and for people. */
  readonly name: string;
  readonly rights: readonly Right[];
  readonly scope: Scope;
  /** Task kinds that it may submit or run; null: any. */
  readonly kinds: readonly string[] | null;
}

export const system: Principal = { id: 'system', name: 'system', rights, scope: 'all', kinds: null };

/** Somebody with the rights of a role. `kinds` of the credential narrow those of the role further. */
export function principalWith(role: Role, id: string, name: string, kinds: readonly string[] | null = null): Principal {
  const { rights, scope, kinds: most = null } = roles[role];
  const both = most === null || kinds === null ? (most ?? kinds) : kinds.filter((kind) => most.includes(kind));
  return { id, name, rights, scope, kinds: both };
}

export const isRole = (text: string): text is Role => Object.hasOwn(roles, text);

export function may(by: Principal, right: Right): boolean {
  return by.rights.includes(right);
}

/** May it see or touch what this owner submitted? */
export function reaches(by: Principal, owner: string): boolean {
  return by.scope === 'all' || by.id === owner;
}
