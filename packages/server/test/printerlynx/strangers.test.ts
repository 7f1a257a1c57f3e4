import { expect, test } from 'vitest';
import { send } from './lib/peers.ts';
import { openPlace } from './lib/place.ts';

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
