/** Many rings while nobody listens are one. */
export interface Bell {
  readonly ring: () => void;
  /** At once if it has rung since it was last asked. */
  readonly rung: () => Promise<void>;
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring: () => next.resolve(),
    rung: async () => {
      await next.promise;
      next = Promise.withResolvers<void>();
    },
  };
}
