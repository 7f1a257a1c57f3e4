import type { Client } from '@switchyard/sdk/client/client.ts';
import type { Ask, Candidate, Source } from './complete.ts';
import { clean } from './output.ts';

const most = 200;
const longestText = 60;
/** Names come from other people: only what no shell looks at twice. */
const plain = /^[A-Za-z0-9_.@:+,/-]{1,100}$/;

const lists: Readonly<Record<Source, (client: Client) => Promise<readonly Candidate[]>>> = {
  jobs: async ({ jobs }) =>
    (await jobs.list({ limit: most })).jobs.map(({ id, state, name }) => ({ value: String(id), text: `${state} ${name}` })),
  workers: async ({ workers }) =>
    (await workers.list()).map(({ id, status, name }) => ({ value: String(id), text: `${status} ${name}` })),
  pools: async ({ pools }) =>
    (await pools.list()).map(({ name, used, total }) => ({ value: name, text: `${used} of ${total} in use` })),
  schedules: async ({ schedules }) =>
    (await schedules.list()).map(({ id, state, name }) => ({ value: String(id), text: `${state} ${name}` })),
  webhooks: async ({ webhooks }) =>
    (await webhooks.list()).map(({ id, state, name }) => ({ value: String(id), text: `${state} ${name}` })),
  variables: async ({ variables }) => (await variables.list()).map(({ name }) => ({ value: name, text: '' })),
  printers: async ({ printers }) => (await printers.list()).map(({ name }) => ({ value: name, text: '' })),
};

/** Asks the server. Whatever goes wrong, there is just nothing to offer. */
export function liveWords(connected: () => Promise<Client>): Ask {
  return async (source) => {
    const found = await connected()
      .then((client) => lists[source](client))
      .catch(() => []);
    const shown = found.filter(({ value }) => plain.test(value)).slice(0, most);
    return shown.map(({ value, text }) => ({ value, text: clean(text).slice(0, longestText) }));
  };
}
