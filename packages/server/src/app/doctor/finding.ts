/** `problem`: something does not work or is in danger now. `warning`: it will be, or is not as it should be. */
export type Level = 'ok' | 'warning' | 'problem';

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  /** What was found, one sentence. */
  readonly text: string;
  /** What to do; null where all is well. */
  readonly todo: string | null;
}

export const fine = (check: string, text: string): Finding => ({ check, level: 'ok', text, todo: null });
export const warning = (check: string, text: string, todo: string): Finding => ({ check, level: 'warning', text, todo });
export const problem = (check: string, text: string, todo: string): Finding => ({ check, level: 'problem', text, todo });
