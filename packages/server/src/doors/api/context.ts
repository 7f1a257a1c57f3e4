import { DoorLife } from '../kit/door-life.ts';
import type { ApiDeps, ApiLimits } from './deps.ts';
import { apiLimits } from './deps.ts';

/** What the rows of this door work with. */
export interface ApiContext extends ApiDeps {
  readonly limits: ApiLimits;
  readonly life: DoorLife;
}

export function apiContext(deps: ApiDeps): ApiContext {
  const limits = { ...apiLimits, ...deps.limits };
  return { ...deps, limits, life: new DoorLife(limits.streams) };
}
