import type { HubClientView, HubServiceView, HubView } from '@switchyard/sdk/hub.ts';
import { useQuery } from '@tanstack/react-query';
import { useMay, useYard } from '../../data/yard.tsx';
import { Action } from '../../parts/action.tsx';
import { type PlainColumn, PlainTable } from '../../parts/plain-table.tsx';
import { ProblemBox } from '../../parts/problem.tsx';
import { MessageRate } from './message-rate.tsx';

const services: readonly PlainColumn<HubServiceView>[] = [
  { title: 'service', cell: ({ name }) => name },
  { title: 'nickname', spare: true, cell: ({ nickname }) => nickname },
  { title: 'offered by', cell: ({ ownerName }) => ownerName },
  { title: 'subscribers', number: true, cell: ({ subscribers }) => subscribers },
];

/** Live clients and what they offer each other. Nothing of it is stored, so it is asked for while somebody looks. */
export function ServicesPage() {
  const { client } = useYard();
  const hub = useQuery({ queryKey: ['hub'], queryFn: () => client.hub(), refetchInterval: 2_000 });
  if (hub.data === undefined) {
    return hub.error === null ? (
      <p className="dim">Reading…</p>
    ) : (
      <ProblemBox error={hub.error} again={() => void hub.refetch()} />
    );
  }
  const { on, clientCount, serviceCount } = hub.data;
  if (!on) return <p className="page dim">The Concierge door is switched off on this server.</p>;
  return (
    <section className="page">
      <h1>Services</h1>
      <MessageRate hub={hub.data} at={hub.dataUpdatedAt} />
      <h2>Services ({serviceCount})</h2>
      <PlainTable rows={hub.data.services} columns={services} keyOf={({ name }) => name} empty="Nobody offers one." />
      <h2>Clients ({clientCount})</h2>
      <Clients hub={hub.data} changed={() => void hub.refetch()} />
    </section>
  );
}

function Clients({ hub, changed }: { hub: HubView; changed: () => void }) {
  const { client } = useYard();
  const may = useMay('worker:control');
  const away = async ({ uuid, name }: HubClientView): Promise<string> => {
    await client.removeHubClient(uuid);
    changed();
    return `${name} is sent away`;
  };
  const columns: readonly PlainColumn<HubClientView>[] = [
    { title: 'client', cell: ({ name, nickname }) => (nickname === null ? name : `${name} (${nickname})`) },
    { title: 'tags', spare: true, cell: ({ tags }) => tags.join(', ') },
    { title: 'subscribed to', cell: ({ subscriptions }) => subscriptions.join(', ') },
    { title: 'from', dim: true, spare: true, cell: ({ address }) => address || 'this server' },
    {
      title: '',
      cell: (one) =>
        may &&
        one.address !== '' && (
          <Action look="danger" ask={`Send ${one.name} away? It may come back.`} run={() => away(one)}>
            Send away
          </Action>
        ),
    },
  ];
  return <PlainTable rows={hub.clients} columns={columns} keyOf={({ uuid }) => uuid} empty="Nobody is connected." />;
}
