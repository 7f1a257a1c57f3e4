import type { Call, Outcome } from './calls.ts';
import type { Durability } from './database.ts';

/** Where the thread finds the procedures: a module and the name under which it exports them. */
export interface ProceduresModule {
  readonly url: string;
  readonly export: string;
}

export interface ThreadData {
  readonly file: string;
  readonly durability: Durability;
  readonly procedures: ProceduresModule;
}

export type ToThread = { readonly calls: readonly Call[] } | { readonly close: true };

export type FromThread =
  | { readonly ready: true; readonly synchronous: number }
  | { readonly failed: string }
  | { readonly outcomes: readonly Outcome[] }
  | { readonly closed: true };
