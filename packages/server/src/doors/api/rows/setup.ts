import { SecretList, SettingList, SystemView } from '@switchyard/sdk/system.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { ok, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { timeOf } from '../views/time.ts';

/** How this server is set up. */
export function setupRows(context: ApiContext): HttpRow[] {
  const { about, setup } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/system',
      summary: 'Version, TLS, and what answers without a secret: to whom, and why.',
      right: 'worker:read',
      tags: ['server'],
      answers: { 200: SystemView },
      handle: () => {
        const { expiresAt, ...tls } = setup.tls();
        return ok({
          version: about.version,
          startedAt: timeOf(about.startedAt),
          tls: { ...tls, expiresAt: expiresAt === null ? null : timeOf(expiresAt) },
          open: setup.openness(),
        });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/settings',
      summary: 'Every option in effect and where it comes from; secrets are masked.',
      right: 'admin:read',
      tags: ['admin'],
      answers: { 200: SettingList },
      handle: () => ok({ settings: setup.settings() }),
    }),
    row({
      method: 'GET',
      path: '/v1/secrets',
      summary: 'Names of the secrets that the server keeps sealed.',
      right: 'admin:read',
      tags: ['admin'],
      answers: { 200: SecretList },
      handle: async () => ok({ secrets: await setup.secrets() }),
    }),
  ];
}
