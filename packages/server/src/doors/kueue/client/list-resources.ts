import { sortedOrNull } from '../translate.ts';
import { type Asking, answer, type Reply } from './reply.ts';

/** Pools, but for those that limit a kind by itself: no Kueue job can name them (kueue §2.5). */
export async function listResources({ desk, by }: Asking): Promise<Reply> {
  const pools = (await desk.engine.query.pools(by)).filter(({ name }) => !name.startsWith('kind:'));
  const used = pools.filter((pool) => pool.used > 0).map(({ name, used }) => [name, used] as const);
  const total = pools.map(({ name, total }) => [name, total] as const);
  const body = {
    used_resources: sortedOrNull(Object.fromEntries(used)),
    total_resources: sortedOrNull(Object.fromEntries(total)),
  };
  return answer({ name: 'ResourceList', body });
}
