import { expect, test } from 'vitest';
import { roles } from '../../src/domain/principal.ts';
import { bearer } from '../../src/doors/kit/login.ts';

const admin = { ...roles.admin, id: 'token:1', name: 'admin', kinds: null };

function gate() {
  let failures = 0;
  return {
    token: async (token: string) => (token === 'right' ? admin : null),
    throttled: () => failures >= 3,
    failed: () => void failures++,
  };
}

test('wrong tokens from an address are refused with too_many after a while, a right one from there never', async () => {
  const auth = gate();
  const ask = (token: string) => bearer(auth, { headers: { authorization: `Bearer ${token}` }, remote: '127.0.0.1' });
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 4; i++) codes.push((await ask('wrong')).refusal?.code);
  expect(codes).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated', 'too_many']);
  expect((await ask('right')).value?.id).toBe('token:1');
});
