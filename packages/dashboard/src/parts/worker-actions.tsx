import type { WishRequest, WorkerView } from '@switchyard/sdk/worker.ts';
import { useMay, useYard } from '../data/yard.tsx';
import { Action } from './action.tsx';

/** What may be asked of a worker in its present state. */
export function WorkerActions({ worker: { id, name, status, mode, holding } }: { worker: WorkerView }) {
  const { client } = useYard();
  if (!useMay('worker:control')) return null;
  const ask = (wish: WishRequest['mode']) => async (): Promise<string> => {
    await client.workers.wish(id, { mode: wish });
    return `${name} is asked: ${wish}`;
  };
  if (status === 'pending') {
    return (
      <Action
        look="main"
        run={async () => {
          await client.workers.approve(id);
          return `${name} may work`;
        }}
      >
        Approve
      </Action>
    );
  }
  if (status === 'offline' || status === 'lost') {
    const text = holding > 0 ? ` It still holds ${holding} tasks, which will be tried elsewhere.` : '';
    return (
      <Action
        look="danger"
        ask={`Forget ${name}?${text}`}
        run={async () => {
          await client.workers.forget(id, { force: holding > 0 });
          return `${name} is forgotten`;
        }}
      >
        Forget
      </Action>
    );
  }
  return (
    <>
      {mode === 'awake' ? <Action run={ask('asleep')}>Sleep</Action> : <Action run={ask('awake')}>Wake</Action>}
      {mode !== 'draining' && <Action run={ask('draining')}>Drain</Action>}
      <Action look="danger" ask={`End ${name} after its present tasks?`} run={ask('shutdown')}>
        Shut down
      </Action>
    </>
  );
}
