import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { connect, submit, workerPrincipal } from '../engine/lib/yard.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';

const ask = ({ listener }: ApiYard, who: string, method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) =>
  fetch(new URL(path, listener.url), {
    method,
    headers: { authorization: `Bearer ${who}`, ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}) },
    body: body ?? null,
  });

describe('when workers sleep', () => {
  it('is set, shown and removed', async () => {
    await using place = await openApiYard();
    const { id } = await connect(place.yard);
    const { workers } = place.as('operator');
    await workers.setSleep(id, { days: ['mo'], start: '18:00', end: '08:00', zone: 'Europe/Amsterdam' });
    expect(await workers.sleep(id)).toEqual({
      ...{ active: true, days: ['mo'], start: '18:00', end: '08:00', zone: 'Europe/Amsterdam' },
      // The first Monday of 2026.
      nextCheck: '2026-01-05T17:00:00.000Z',
    });
    await workers.setSleep(id, null);
    await expect(workers.sleep(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['a wrong zone', 'operator', '{"zone":"Middle/Earth"}', 422],
    ['a wrong time', 'operator', '{"start":"25:00"}', 400],
    ['an unknown field', 'operator', '{"begin":"22:00"}', 400],
    ['no right', 'viewer', '{}', 403],
    ['nothing said: every day, all day', 'operator', '{}', 200],
  ])('%s', async (_, who, body, status) => {
    await using place = await openApiYard();
    const { id } = await connect(place.yard);
    expect((await ask(place, who, 'PUT', `/v1/workers/${id}/sleep`, body)).status).toBe(status);
  });
});

describe('pictures', () => {
  const picture = async (): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(
      await sharp({ create: { width: 2_000, height: 100, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );

  it('a worker shows one of the task that it runs; whoever may see the job sees it, and it goes with the job', async () => {
    await using place = await openApiYard();
    const { job, taskIds } = await submit(place.yard, {});
    await connect(place.yard, { by: { ...workerPrincipal, id: 'token:worker' } });
    await place.yard.clock.advance(0);
    const image = (who: string) => ask(place, who, 'GET', `/v1/jobs/${job.id}/image`);
    expect((await image('viewer')).status).toBe(404);
    const put = (who: string, body: Uint8Array<ArrayBuffer>) => ask(place, who, 'PUT', `/v1/tasks/${taskIds[0]}/image`, body);
    expect((await put('viewer', await picture())).status).toBe(403);
    expect((await put('worker', new Uint8Array(Buffer.from('no picture')))).status).toBe(422);
    expect((await put('worker', await picture())).status).toBe(204);
    const shown = await image('viewer');
    expect(shown.headers.get('content-type')).toBe('image/jpeg');
    expect(shown.headers.get('content-security-policy')).toContain('sandbox');
    expect(await sharp(Buffer.from(await shown.arrayBuffer())).metadata()).toMatchObject({ format: 'jpeg', width: 1_920 });
    const etag = shown.headers.get('etag') ?? '';
    const again = await fetch(new URL(`/v1/jobs/${job.id}/image`, place.listener.url), {
      headers: { authorization: 'Bearer viewer', 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
    // A foreign job does not exist for a submitter.
    expect((await image('bob')).status).toBe(404);
  });
});
