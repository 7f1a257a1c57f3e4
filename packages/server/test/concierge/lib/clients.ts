import { type Json, WireClient, type WireOptions } from './wire-client.ts';

/** How each of the real clients asks for the socket. */
export const manners = {
  browser: { protocols: 'ert-concierge', headers: { Origin: 'http://viewer.example' } },
  python: { protocols: [...'ert-concierge'].join(', ') },
  rust: {},
} as const satisfies Readonly<Record<string, WireOptions>>;

export type Manner = keyof typeof manners;

export interface Joined {
  readonly client: WireClient;
  readonly uuid: string;
  readonly hello: Json;
}

/** Connects and identifies itself; HELLO is checked to be the very first frame (trap T2). */
export async function enter(
  port: number,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  manner: Manner | WireOptions = 'rust',
): Promise<Joined> {
  const client = await WireClient.open(port, typeof manner === 'string' ? manners[manner] : manner);
  client.say({ type: 'IDENTIFY', name, version: '0.2.0', ...more });
  const hello = await client.hear();
  if (client.frames[0]?.opcode !== 0x1 || hello.type !== 'HELLO' || 'seq' in hello) throw new Error('HELLO must come first');
  return { client, uuid: String(hello.uuid), hello };
}

/** Several that know each other's arrival already: nothing of it is left to hear. */
export async function enterAll<const N extends string>(port: number, ...names: readonly N[]): Promise<Record<N, Joined>> {
  const all = {} as Record<N, Joined>;
  const before: Joined[] = [];
  for (const name of names) {
    all[name] = await enter(port, name);
    for (const { client } of before) await client.hear();
    before.push(all[name]);
  }
  return all;
}

/** Asks, and gives the answer; anything that comes before it is an error. */
export async function ask(client: WireClient, what: object): Promise<Json> {
  client.say(what);
  return client.hear();
}

/** What Rust's strict types insist on (concierge §3.1). Throws with the culprit. */
export function strict(payload: Json): void {
  const client = (value: unknown): void => need(value, { name: 'string', uuid: 'string', tags: 'array' });
  const service = (value: unknown): void => need(value, { name: 'string', owner_uuid: 'string', subscribers: 'array' });
  if ('client' in payload) client(payload.client);
  if ('service' in payload && typeof payload.service === 'object') service(payload.service);
  for (const one of (payload.clients ?? []) as unknown[]) client(one);
  for (const one of [...((payload.services ?? []) as unknown[]), ...((payload.subscriptions ?? []) as unknown[])]) service(one);
  if (payload.type === 'MESSAGE') {
    client(payload.origin);
    if (!('target' in payload) || !('data' in payload)) throw new Error('a MESSAGE has target and data');
  }
}

function need(value: unknown, fields: Readonly<Record<string, 'string' | 'array'>>): void {
  const object = value as Readonly<Record<string, unknown>>;
  for (const [name, type] of Object.entries(fields)) {
    const found = object[name];
    if (type === 'array' ? !Array.isArray(found) : typeof found !== type) throw new Error(`${name} must be ${type}`);
    if (name.includes('uuid') && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(found)))
      throw new Error(`${name} is no UUID`);
  }
}
