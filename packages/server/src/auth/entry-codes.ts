import { hash } from 'node:crypto';
import type { Principal } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';

/** Single-use codes that let a browser in as somebody who is in already. In memory only: a restart ends them all. */
export interface EntryCodes {
  /** For the link's fragment; good for ten minutes. */
  create(by: Principal): string;
  /** The principal's id; null: unknown, used, or too old. It is used up. */
  use(code: string): string | null;
}

export const entryMs = 600_000;
const codeBytes = 24;
const most = 1_000;

export function createEntryCodes({ clock, random }: { readonly clock: Clock; readonly random: Random }): EntryCodes {
  /** By hash, in order of their making: a look-up by the hash tells nothing of the code by its time. */
  const codes = new Map<string, { readonly principal: string; readonly until: number }>();

  function forgetOld(): void {
    for (const [key, { until }] of codes) {
      if (until > clock.monotonic() && codes.size < most) return;
      codes.delete(key);
    }
  }

  return {
    create({ id }) {
      forgetOld();
      const code = random.secret(codeBytes);
      codes.set(keyOf(code), { principal: id, until: clock.monotonic() + entryMs });
      return code;
    },
    use(code) {
      const key = keyOf(code.slice(0, 100));
      const found = codes.get(key);
      codes.delete(key);
      return found !== undefined && clock.monotonic() < found.until ? found.principal : null;
    },
  };
}

const keyOf = (code: string): string => hash('sha256', code, 'base64url');
