/** A credential that is over before its time. */
export interface Ended {
  /** `token:3`, `user:…`. */
  readonly principal: string;
  /** This one session; null: everything of this principal (revoked, disabled, password changed, role changed, gone). */
  readonly session: string | null;
  /** The session that stays, where all others of the principal end. */
  readonly except?: string | null;
}

/** Says when a credential ends, so that connections opened with it do not outlive it. */
export class Endings {
  readonly #calls = new Set<(ended: Ended) => void>();

  listen(call: (ended: Ended) => void): () => void {
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  }

  tell(ended: Ended): void {
    for (const call of [...this.#calls]) call(ended);
  }
}
