import { expect, test } from 'vitest';
import { freshSalt, proofOf, provesSecret, secretFault } from '../../src/doors/kueue/proof.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

test.each([
  [
    'correct horse battery staple',
    'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v2W3x4Y5z6a7B8c9D0e1F2',
    'SWJpS1un9TcSbyDV+5COyffg+3ZCU+ZshzxgThZtCN4',
  ],
  [
    'correct horse battery staple',
    'gkHBQht4shPQILriX38tPEGmluK2YlUxSHhs9aktsFUeSQLZLUg1WmdNA0ZW7UI3',
    'xGpFWUKLBFuaMEuotSdNab6C6cTVtQRxUQP0TYhfUwA',
  ],
  ['clé', 'sel', 'NWUmA9HeNu3Tu0cOSIaSN8RC6T1Oof8povy+XLfYRG4'],
])('kueue §3: the answer for %s and %s', (secret, salt, response) => {
  expect(proofOf(secret, salt)).toBe(response);
  expect(provesSecret(secret, salt, response)).toBe(true);
  expect(provesSecret(secret, salt, `${response}=`)).toBe(true);
  expect(provesSecret(`${secret}x`, salt, response)).toBe(false);
  expect(provesSecret(secret, `${salt}x`, response)).toBe(false);
  expect(provesSecret(secret, salt, '')).toBe(false);
  expect(provesSecret(secret, salt, 'x'.repeat(10_000))).toBe(false);
});

test('kueue §3: a salt is 64 letters and digits, each time others', () => {
  const random = createSeededRandom(1);
  const salts = new Set(Array.from({ length: 100 }, () => freshSalt(random)));
  expect(salts.size).toBe(100);
  for (const salt of salts) expect(salt).toMatch(/^[A-Za-z0-9]{64}$/);
});

test('kueue §7.5: an empty or template-looking secret stops the start', () => {
  for (const secret of ['', '  ', 'changeme', 'your secret here', '<secret>', 'shared_secret'])
    expect(secretFault(secret)).not.toBe(null);
  for (const secret of ['correct horse battery staple', 'x7Gq', 'changed-and-changed-again-0123456789abcdef'])
    expect(secretFault(secret)).toBe(null);
});
