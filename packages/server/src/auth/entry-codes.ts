import { hash } from 'node:crypto';
import type { Principal } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Ended } from './endings.ts';

/** Single-use codes that let a browser in as somebody who is in already. In memory only: a restart ends them all. */
export interface EntryCodes {
  /** For the link's fragment; good for ten minutes. `session`: of which it is made, with which it ends. */
  create(by: Pick<Principal, 'id'>, session?: string | null): string;
  /** The principal's id; null: unknown, used, or too old. It is used up. */
  use(code: string): string | null;
  /** What it stood on is over: nobody comes in by it any more. */
  end(ended: Ended): void;
}

export const entryMs = 600_000;
const codeBytes = 24;
const most = 1_000;
/** Of one principal: nobody pushes out the links of others. */
const mostOfOne = 20;

interface Code {
  readonly principal: string;
  readonly session: string | null;
  readonly until: number;
}

export function createEntryCodes({ clock, random }: { readonly clock: Clock; readonly random: Random }): EntryCodes {
  /** By hash, in order of their making: a look-up by the hash tells nothing of the code by its time. */
  const codes = new Map<string, Code>();

  function forgetOld(): void {
    for (const [key, { until }] of codes) {
      if (until > clock.monotonic() && codes.size < most) return;
      codes.delete(key);
    }
  }

  const of = (principal: string): [string, Code][] => [...codes].filter(([, code]) => code.principal === principal);

  return {
    create({ id }, session = null) {
      forgetOld();
      const [oldest, ...others] = of(id);
      if (oldest !== undefined && others.length + 1 >= mostOfOne) codes.delete(oldest[0]);
      const code = random.secret(codeBytes);
      codes.set(keyOf(code), { principal: id, session, until: clock.monotonic() + entryMs });
      return code;
    },
    use(code) {
      const key = keyOf(code.slice(0, 100));
      const found = codes.get(key);
      codes.delete(key);
      return found !== undefined && clock.monotonic() < found.until ? found.principal : null;
    },
    end({ principal, session }) {
      for (const [key, code] of of(principal)) if (session === null || code.session === session) codes.delete(key);
    },
  };
}

const keyOf = (code: string): string => hash('sha256', code, 'base64url');
