import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { connect, submit, workerPrincipal } from '../engine/lib/yard.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';

async function withPicture(place: ApiYard): Promise<{ job: number; show: () => Promise<number> }> {
  const { job, taskIds } = await submit(place.yard, {});
  await connect(place.yard, { by: { ...workerPrincipal, id: 'token:worker' } });
  await place.yard.clock.advance(0);
  const picture = new Uint8Array(
    await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  );
  const show = async () => {
    const url = new URL(`/v1/tasks/${taskIds[0]}/image`, place.listener.url);
    return (await fetch(url, { method: 'PUT', headers: { authorization: 'Bearer worker' }, body: picture })).status;
  };
  return { job: job.id, show };
}

/** The names of the events that somebody hears until `last` comes. */
async function heard(place: ApiYard, who: string, last: string, act: () => Promise<void>, live = true): Promise<string[]> {
  const abort = new AbortController();
  const names: string[] = [];
  const opened = Promise.withResolvers<void>();
  const events = place.as(who).changes({ live, signal: abort.signal, onOpen: opened.resolve });
  const reading = (async () => {
    for await (const event of events) {
      const name = event.type === 'change' ? event.change.kind : event.type;
      names.push(name);
      if (name === last) break;
    }
  })();
  await opened.promise;
  await act();
  await reading;
  abort.abort();
  return names;
}

describe('beside the changes', () => {
  it('a new picture is told to those who may see its job, and only on demand', async () => {
    await using place = await openApiYard();
    const { job, show } = await withPicture(place);
    const { image } = place.as('viewer');
    expect([await image(job), await image()]).toEqual([null, null]);
    const act = async (): Promise<void> => {
      expect(await show()).toBe(204);
      await place.yard.clock.advance(300);
      await place.as('operator').pools.set('end', 1);
    };
    expect(await heard(place, 'viewer', 'image', act)).toContain('image');
    expect(await heard(place, 'viewer', 'pool.changed', act, false)).not.toContain('image');
    expect(await image(job)).toMatchObject({ job });
    expect(await image()).toEqual(await image(job));
    // For a submitter a foreign job does not exist.
    expect(await place.as('bob').image(job)).toBeNull();
  });
});

describe('the hub', () => {
  it('is shown where there is one', async () => {
    await using without = await openApiYard();
    expect(await without.as('viewer').hub()).toMatchObject({ on: false, clients: [] });
    await expect(without.as('operator').removeHubClient(crypto.randomUUID())).rejects.toMatchObject({ status: 404 });
    const uuid = crypto.randomUUID();
    const client = { uuid, name: 'viewer', nickname: null, tags: [], address: '127.0.0.1', subscriptions: ['scene'] };
    const service = { name: 'scene', nickname: null, owner: uuid, ownerName: 'viewer', subscribers: 1 };
    const present = { on: true as const, clients: [client], clientCount: 1, services: [service], serviceCount: 1 };
    const look = () => ({ ...present, messages: 3, deliveries: 4 });
    await using place = await openApiYard({ deps: { hub: () => ({ look, remove: (gone) => gone === uuid }) } });
    expect(await place.as('viewer').hub()).toEqual(look());
    await expect(place.as('viewer').removeHubClient(uuid)).rejects.toMatchObject({ status: 403 });
    await place.as('operator').removeHubClient(uuid);
  });
});
