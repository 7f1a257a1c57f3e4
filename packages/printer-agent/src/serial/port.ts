/** One open port. */
export interface Port {
  /** Never blocks; order is kept. */
  write(text: string): void;
  /** What was written is given to the system before. Resolves also when the port is gone. */
  close(): Promise<void>;
}

export interface PortEvents {
  readonly data: (bytes: Uint8Array) => void;
  /** Gone without being closed by us. At most once. */
  readonly lost: (why: string) => void;
}

/** Opens it, or rejects with the reason for people. */
export type OpenPort = (baud: number, events: PortEvents) => Promise<Port>;

/** The usual first (printerlynx §6.2.1). */
export const bauds = [115_200, 250_000, 230_400, 57_600, 38_400, 19_200, 9_600] as const;
