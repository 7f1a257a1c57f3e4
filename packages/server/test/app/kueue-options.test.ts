import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kueueOptions } from '../../src/app/kueue-options.ts';
import type { SealedSecrets } from '../../src/auth/sealed-secrets.ts';
import { openSealedSecrets } from '../../src/auth/sealed-secrets.ts';
import type { OptionName } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/settings.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { tempDir } from '../lib/temp-dir.ts';

const random = createSeededRandom('kueue');

async function place(use: (dir: string, secrets: SealedSecrets) => Promise<void>): Promise<void> {
  await using dir = await tempDir();
  const store = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures: {} });
  const { records } = store;
  const opened = await openSealedSecrets({ records, random, keyFile: join(dir.path, 'secret.key') });
  try {
    await use(dir.path, opened.value!);
  } finally {
    await store.close();
  }
}

const optionsOf = (dir: string, secrets: SealedSecrets, flags: Partial<Record<OptionName, string>> = {}) => {
  const { settings } = resolveSettings({ flags, env: {}, file: null });
  return kueueOptions(settings!, { clientFile: join(dir, 'kueue.toml'), secrets, random });
};

const config = `[common_settings]
shared_secret = "a real secret of sixty-four characters, as the template makes it"
server_port = 12345
[server_settings]
bind_addresses = "0.0.0.0 [::]"
worker_timeout_seconds = 77
global_max_parallel_jobs = 5
job_cleanup_after_minutes = 2880
[global_resources]
matlab = 3
`;

describe('what the Kueue door is told', () => {
  it('has defaults, and a secret that is made once and kept', async () => {
    await place(async (dir, secrets) => {
      const first = await optionsOf(dir, secrets);
      expect(first).toMatchObject({
        port: 11_236,
        hosts: ['127.0.0.1', '::1'],
        workerTimeoutMs: 300_000,
        offerTimeoutMs: 60_000,
      });
      expect(first.globalMaxParallelJobs).toBeNull();
      expect(first.secret.length).toBeGreaterThanOrEqual(48);
      expect(first.secretPlace).toBe(join(dir, 'kueue.toml'));
      expect((await optionsOf(dir, secrets)).secret).toBe(first.secret);
      expect(await readFile(join(dir, 'secret.key'), 'utf8')).not.toContain(first.secret);
    });
  });

  it("takes secret, port, limits and resources from the programs' own file, but not the addresses", async () => {
    await place(async (dir, secrets) => {
      await writeFile(join(dir, 'config.toml'), config);
      const options = await optionsOf(dir, secrets, { 'kueue.config': join(dir, 'config.toml') });
      expect(options).toMatchObject({
        secret: 'a real secret of sixty-four characters, as the template makes it',
        secretPlace: join(dir, 'config.toml'),
        port: 12_345,
        hosts: ['127.0.0.1', '::1'],
        workerTimeoutMs: 77_000,
        globalMaxParallelJobs: 5,
        cleanupAfterMinutes: 2880,
        globalResources: { matlab: 3 },
      });
    });
  });

  it('lets our own options win over that file', async () => {
    await place(async (dir, secrets) => {
      await writeFile(join(dir, 'config.toml'), config);
      const flags = {
        'kueue.config': join(dir, 'config.toml'),
        'kueue.port': '0',
        'kueue.worker-timeout': '9s',
        'kueue.secret': 'another secret',
      };
      expect(await optionsOf(dir, secrets, flags)).toMatchObject({ port: 0, workerTimeoutMs: 9_000, secret: 'another secret' });
    });
  });

  it.each([
    [{ 'kueue.config': '/does/not/exist' }, /cannot be read/],
    [{ 'kueue.secret': '  ' }, /empty/],
  ])('refuses %j with a sentence', async (flags, text) => {
    await place(async (dir, secrets) => {
      await expect(optionsOf(dir, secrets, flags)).rejects.toThrow(text);
    });
  });

  it('names what is wrong in that file', async () => {
    await place(async (dir, secrets) => {
      await writeFile(join(dir, 'config.toml'), '[server_settings]\nworker_timeout_seconds = "soon"\n');
      await expect(optionsOf(dir, secrets, { 'kueue.config': join(dir, 'config.toml') })).rejects.toThrow(
        /worker_timeout_seconds/,
      );
    });
  });

  it('opens reading beyond this machine only when asked', async () => {
    await place(async (dir, secrets) => {
      expect((await optionsOf(dir, secrets)).readsFrom).toEqual(['127.0.0.0/8', '::1']);
      expect((await optionsOf(dir, secrets, { open: 'kueue-reads' })).readsFrom).toBeNull();
    });
  });
});
