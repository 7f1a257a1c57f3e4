import type { Door } from './door.ts';

/** `/v1/jobs/:id/` -> `/v1/jobs/:`, so that two spellings of one address are seen to be one. */
export function normalPath(path: string): string {
  return path.replace(/:[A-Za-z0-9_]+/g, ':').replace(/\/+$/, '') || '/';
}

/** Addresses that two rows claim, each as one sentence; empty: the doors can live on one port. */
export function doublePaths(doors: readonly Pick<Door, 'name' | 'rows' | 'raw'>[]): string[] {
  const owners = new Map<string, string>();
  const doubles: string[] = [];
  for (const door of doors) {
    for (const { method, path } of door.rows) {
      const address = `${method} ${normalPath(path)}`;
      const owner = owners.get(address);
      if (owner !== undefined) doubles.push(`${address} belongs to both ${owner} and ${door.name}`);
      owners.set(address, door.name);
    }
  }
  return [...doubles, ...doubleBytes(doors)];
}

/** First bytes of raw doors: each belongs to one door, and letters are HTTP's. */
function doubleBytes(doors: readonly Pick<Door, 'name' | 'rows' | 'raw'>[]): string[] {
  const owners = new Map<string, string>();
  const doubles: string[] = [];
  for (const door of doors) {
    for (const byte of door.raw?.firstBytes ?? '') {
      const owner = /[A-Za-z]/.test(byte) ? 'HTTP' : owners.get(byte);
      if (owner !== undefined) doubles.push(`the first byte ${byte} belongs to both ${owner} and ${door.name}`);
      owners.set(byte, door.name);
    }
  }
  return doubles;
}
