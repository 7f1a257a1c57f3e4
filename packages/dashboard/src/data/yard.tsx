import type { Client } from '@switchyard/sdk/client/client.ts';
import type { WhoamiView } from '@switchyard/sdk/system.ts';
import { createContext, type ReactNode, useContext, useEffect, useSyncExternalStore } from 'react';
import type { Batch } from './batch.ts';
import type { Live, LiveState } from './live.ts';

/** What every page works with once somebody has logged in. */
export interface Yard {
  readonly client: Client;
  readonly live: Live;
  readonly me: WhoamiView;
  readonly logout: () => void;
}

const YardContext = createContext<Yard | null>(null);

export function YardProvider({ yard, children }: { yard: Yard; children: ReactNode }) {
  return <YardContext value={yard}>{children}</YardContext>;
}

export function useYard(): Yard {
  const yard = useContext(YardContext);
  if (yard === null) throw new Error('a page outside of the yard');
  return yard;
}

/** Buttons that somebody may not use are not shown. */
export function useMay(right: string): boolean {
  return useYard().me.rights.includes(right);
}

export function useLiveState(): LiveState {
  const { live } = useYard();
  return useSyncExternalStore(live.onState, () => live.state);
}

/** Calls with every batch of changes; `call` should be stable or cheap to renew. */
export function useBatches(call: (batch: Batch) => void): void {
  const { live } = useYard();
  useEffect(() => live.onBatch(call), [live, call]);
}
