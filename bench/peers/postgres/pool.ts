import pg from 'pg';

/** `at`: the folder of the server's socket. */
export function postgresConfig(at: string) {
  return { host: at, user: 'bench', database: 'postgres' } as const;
}

export function postgresPool(at: string, max: number): pg.Pool {
  const pool = new pg.Pool({ ...postgresConfig(at), max, min: max, idleTimeoutMillis: 0 });
  const say = (error: Error): void => console.error(error.message);
  pool.on('error', say);
  pool.on('connect', (client) => void client.on('error', say));
  return pool;
}
