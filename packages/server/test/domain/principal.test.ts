import { describe, expect, it } from 'vitest';
import { may, type Principal, type Role, reaches, rights, roles, system } from '../../src/domain/principal.ts';

const as = (role: Role, id = 'token:1'): Principal => ({ id, name: role, ...roles[role], kinds: null });

describe('roles', () => {
  it('each right belongs to somebody, and each role only has rights that exist, once', () => {
    const given = new Set(Object.values(roles).flatMap((role) => role.rights));
    expect(given).toEqual(new Set(rights));
    for (const role of Object.values(roles)) expect(new Set(role.rights).size).toBe(role.rights.length);
  });

  it('only admin has the rights of an administrator', () => {
    for (const [name, role] of Object.entries(roles)) {
      expect([name, role.rights.some((right) => right.startsWith('admin:'))]).toEqual([name, name === 'admin']);
    }
  });

  it('nobody but admin may do more than the operator, except to run tasks', () => {
    for (const name of ['submitter', 'worker', 'viewer'] as const) {
      for (const right of roles[name].rights) expect(right === 'worker:run' || may(as('operator'), right)).toBe(true);
    }
  });

  it('the viewer changes nothing', () => {
    expect(roles.viewer.rights.filter((right) => !right.endsWith(':read'))).toEqual([]);
  });

  it('the worker neither reads nor submits jobs', () => {
    expect(roles.worker.rights.filter((right) => right.startsWith('job:'))).toEqual([]);
  });

  it('own scope reaches what is its own, all scope everything', () => {
    expect(reaches(as('submitter'), 'token:1')).toBe(true);
    expect(reaches(as('submitter'), 'token:2')).toBe(false);
    expect(reaches(as('operator'), 'token:2')).toBe(true);
    expect(reaches(system, 'token:2')).toBe(true);
  });
});
