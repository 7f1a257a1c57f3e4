import { type Result, refuse } from '../domain/errors.ts';
import type { Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { keyBytes, nonceBytes, type Sealed, seal, unseal } from './seal.ts';

export interface SealedSecretsOptions {
  readonly records: Records;
  readonly random: Random;
  /** `DATA/secret.key`: made at the first start, 0600. */
  readonly keyFile: string;
}

/** Secrets that must be used or shown again, by name (`kueue.secret`). Everything else is kept as a hash. */
export interface SealedSecrets {
  /** Null: there is none of this name. Rejects where the record was damaged. */
  get(name: string): Promise<string | null>;
  set(name: string, secret: string): Promise<void>;
  /** The one that is there, else the one that `make` gives; the same for all who ask at once. */
  getOrMake(name: string, make: () => string): Promise<string>;
  delete(name: string): Promise<boolean>;
  /** Names only. */
  list(): Promise<string[]>;
}

const collection = 'secret';
/** Tells at the start whether the key is the one that everything was sealed with. */
const probe = { collection: 'secret-probe', key: 'probe' } as const;

/** What a person writes into the key file to give up all sealed secrets, when the key is lost for good. */
const forgetWord = 'forget';

/** Refused, with what to do: others may read the key, it is damaged, lost, or not the one of this database. */
export async function openSealedSecrets(options: SealedSecretsOptions): Promise<Result<SealedSecrets>> {
  const { records, keyFile } = options;
  const file = await readPrivateFile(keyFile);
  if (file.refusal !== undefined) return file;
  const text = file.value?.trim() ?? null;
  if (text === forgetWord) await forgetAll(records);
  const known = await records.get<Sealed>(probe.collection, probe.key);
  if (text === null && known !== null) return refuse('invalid', lost(keyFile));
  const key = text === null || text === forgetWord ? await makeKey(options) : Buffer.from(text, 'base64url');
  if (key.length !== keyBytes) return refuse('invalid', damaged(keyFile));
  if (known !== null && unseal(key, probe.key, known.value) === null) return refuse('invalid', foreign(keyFile));
  if (known === null) await keepProbe(options, key);
  return { value: new StoredSecrets(options, key) };
}

/** The probe goes last: a crash in between is done over. */
async function forgetAll(records: Records): Promise<void> {
  for (const { key } of await records.list(collection)) await records.delete(collection, key);
  await records.delete(probe.collection, probe.key);
}

async function makeKey({ random, keyFile }: SealedSecretsOptions): Promise<Buffer> {
  const text = random.secret(keyBytes);
  await writePrivateFile(keyFile, `${text}\n`);
  return Buffer.from(text, 'base64url');
}

async function keepProbe({ records, random }: SealedSecretsOptions, key: Uint8Array): Promise<void> {
  await records.put(probe.collection, probe.key, seal(key, probe.key, 'switchyard', random.secret(nonceBytes)), null);
}

class StoredSecrets implements SealedSecrets {
  readonly #records: Records;
  readonly #random: Random;
  readonly #key: Uint8Array;

  constructor({ records, random }: SealedSecretsOptions, key: Uint8Array) {
    this.#records = records;
    this.#random = random;
    this.#key = key;
  }

  async get(name: string): Promise<string | null> {
    const found = await this.#records.get<Sealed>(collection, name);
    return found === null ? null : this.#open(name, found.value);
  }

  async set(name: string, secret: string): Promise<void> {
    const sealed = this.#seal(name, secret);
    // Newest wins: whoever came in between is replaced.
    for (;;) {
      const found = await this.#records.get<Sealed>(collection, name);
      const put = await this.#records.put(collection, name, sealed, found?.revision ?? null);
      if (put.ok) return;
    }
  }

  async getOrMake(name: string, make: () => string): Promise<string> {
    const found = await this.get(name);
    if (found !== null) return found;
    const secret = make();
    const put = await this.#records.put(collection, name, this.#seal(name, secret), null);
    return put.ok ? secret : this.getOrMake(name, make);
  }

  delete(name: string): Promise<boolean> {
    return this.#records.delete(collection, name);
  }

  async list(): Promise<string[]> {
    return (await this.#records.list<Sealed>(collection)).map(({ key }) => key);
  }

  #seal(name: string, secret: string): Sealed {
    return seal(this.#key, name, secret, this.#random.secret(nonceBytes));
  }

  #open(name: string, sealed: Sealed): string {
    const secret = unseal(this.#key, name, sealed);
    if (secret === null) throw new Error(`the sealed secret ${name} was damaged or moved: set it again`);
    return secret;
  }
}

const giveUp = (keyFile: string): string =>
  `If there is none, the secrets are lost and have to be made anew: printf ${forgetWord} > '${keyFile}' && chmod 600 '${keyFile}'`;
const lost = (keyFile: string): string =>
  `The key of the sealed secrets is missing: put ${keyFile} back from a backup. ${giveUp(keyFile)}`;
const damaged = (keyFile: string): string =>
  `${keyFile} does not hold a key of ${keyBytes} bytes: put it back from a backup. ${giveUp(keyFile)}`;
const foreign = (keyFile: string): string =>
  `${keyFile} is not the key of this database's sealed secrets: put back the one from the same backup. ${giveUp(keyFile)}`;
