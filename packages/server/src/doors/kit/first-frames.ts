import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** An open WebSocket whose first text frame has come and has not been answered. */
export interface FirstFrame {
  readonly websocket: WebSocket;
  /** The connection below, for frames that are built once. */
  readonly stream: Duplex;
  readonly address: string;
  readonly text: string;
}

/** A door that shares an address with another one and knows its peers by what they say first. */
export interface FirstFrameClaim {
  /** The frame's text as JSON; it is no more than 64 KiB. */
  claims(value: unknown): boolean;
  /** The socket is this door's from here on: its listeners are gone, it is not paused. */
  take(first: FirstFrame): void;
}

/**
 * Where several doors live at one WebSocket address: the door that has the address asks here at the first frame (DESIGN section
 * 6, `/ws`). One object, handed to all of them by `app/`.
 */
export class FirstFrames {
  readonly #claims: FirstFrameClaim[] = [];

  add(claim: FirstFrameClaim): void {
    this.#claims.push(claim);
  }

  claimant(value: unknown): FirstFrameClaim | null {
    return this.#claims.find((claim) => claim.claims(value)) ?? null;
  }
}
