import { expect, test } from 'vitest';
import { system } from '../../src/domain/principal.ts';
import { until } from '../lib/until.ts';
import { send } from './lib/peers.ts';
import { openFarm, openPlace, printerId } from './lib/place.ts';

const registration = (username: string) => ({
  ...{ username, email: 'a@b', password: 'secret1', password_confirmation: 'secret1' },
});

test('a page of elsewhere in a browser of this machine is no program of this machine: it makes no account', async () => {
  await using place = await openPlace();
  const by = (username: string, headers = {}) =>
    send(place.port, 'POST', '/api/v1/auth/register', registration(username), headers);
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'http://127.0.0.1@evil.example', 'null']) {
    const { status, text } = await by('eve', { origin });
    expect([origin, status, text.includes('token')]).toEqual([origin, 400, false]);
  }
  // Front ends that run here, and programs.
  for (const [i, origin] of ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:80'].entries())
    expect([origin, (await by(`page${i}`, { origin })).status]).toEqual([origin, 200]);
  expect((await by('program')).status).toBe(200);
});

test('agents of one who was disabled, or may not print any more, are sent away until he may again', async () => {
  await using place = await openPlace();
  const { garage, file } = await openFarm(place);
  const { admin } = place.access;
  const download = async (token: string) =>
    (await send(place.port, 'GET', `/api/v1/files/${file.uuid}`, undefined, { authorization: `Bearer ${token}` })).status;
  for (const [away, back] of [
    [{ disabled: true }, { disabled: false }],
    [{ role: 'viewer' }, { role: 'submitter' }],
  ] as const) {
    expect((await admin.update(system, 'ada', away)).refusal).toBeUndefined();
    await until(() => place.door.status().figures?.['agents'] === 0);
    await expect(place.agent(garage.token)).rejects.toThrow('Invalid token');
    expect(await download(garage.token)).toBe(401);
    expect((await admin.update(system, 'ada', back)).refusal).toBeUndefined();
    const again = await place.agent(garage.token);
    await again.report(printerId('ada'));
  }
});
