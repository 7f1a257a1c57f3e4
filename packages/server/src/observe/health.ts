/** Whether work is taken. Set by `app/` as the server starts and stops; asked by `/readyz`. */
export interface Health {
  /** Null: ready; else one sentence why not. */
  notReady(): string | null;
  ready(): void;
  /** Not any more, and why: stopping, a store that failed. */
  unready(why: string): void;
}

export function createHealth(): Health {
  let why: string | null = 'The server is starting';
  return {
    notReady: () => why,
    ready: () => {
      why = null;
    },
    unready: (reason) => {
      why = reason;
    },
  };
}
