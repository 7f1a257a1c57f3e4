import { createCipheriv, createDecipheriv } from 'node:crypto';

/** AES-256-GCM. All in base64url. */
export interface Sealed {
  readonly nonce: string;
  readonly text: string;
  readonly tag: string;
}

export const keyBytes = 32;
export const nonceBytes = 12;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/** `name` is sealed in: what was sealed under another name does not open. The nonce must be fresh. */
export function seal(key: Uint8Array, name: string, text: string, nonce: string): Sealed {
  const encrypt = createCipheriv(cipher, key, Buffer.from(nonce, 'base64url'), { authTagLength: tagBytes });
  encrypt.setAAD(Buffer.from(name));
  const sealed = Buffer.concat([encrypt.update(text, 'utf8'), encrypt.final()]);
  return { nonce, text: sealed.toString('base64url'), tag: encrypt.getAuthTag().toString('base64url') };
}

/** Null: another key, another name, or changed by somebody. */
export function unseal(key: Uint8Array, name: string, sealed: Sealed): string | null {
  const [nonce, text, tag] = [sealed.nonce, sealed.text, sealed.tag].map((part) => Buffer.from(part, 'base64url'));
  if (nonce?.length !== nonceBytes || tag?.length !== tagBytes || text === undefined) return null;
  const decrypt = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
  decrypt.setAAD(Buffer.from(name));
  decrypt.setAuthTag(tag);
  try {
    return Buffer.concat([decrypt.update(text), decrypt.final()]).toString('utf8');
  } catch {
    return null;
  }
}
