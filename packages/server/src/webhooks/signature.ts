import { createHmac } from 'node:crypto';

export const signatureHeader = 'switchyard-signature';

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 under the secret over `SECONDS.BODY`. The time is signed too, so that a receiver can refuse
 * what somebody recorded and sends again.
 */
export function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
