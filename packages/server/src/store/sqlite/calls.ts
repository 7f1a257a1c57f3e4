import type { Command, RunResult, Trimmed, TrimRule } from '../../ports/store.ts';

/** What is asked of the writing connection: plain values, so that they can go to its thread. */
export type Call =
  | { readonly call: 'run'; readonly commands: readonly Command[] }
  | {
      readonly call: 'putRecord';
      readonly collection: string;
      readonly key: string;
      readonly json: string;
      readonly revision: number | null;
    }
  | { readonly call: 'deleteRecord'; readonly collection: string; readonly key: string }
  | { readonly call: 'trim'; readonly rule: TrimRule };

export interface CallResults {
  run: RunResult;
  putRecord: { ok: true; revision: number } | { ok: false };
  deleteRecord: boolean;
  trim: Trimmed;
}

/** `failed`: the storage failed a call that has no refusal of its own. */
export type Outcome = { readonly result: CallResults[keyof CallResults] } | { readonly failed: string };
