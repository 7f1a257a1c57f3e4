/** `>` said, `<` heard, both by the client `ada`; `B>` and `B<` by `bob`. `$A`, `$B`: their UUIDs. In order of concierge §3.3. */
export interface Transcript {
  readonly name: string;
  /** Rows of the table that it covers. */
  readonly rows: readonly string[];
  readonly lines: readonly string[];
}

const A = '{"name":"ada","nickname":"Ada L.","uuid":"$A","tags":["babylon"]}';
const B = '{"name":"bob","uuid":"$B","tags":[]}';
const S = (subscribers = ''): string =>
  `{"name":"weather","nickname":"Weather","owner_uuid":"$A","subscribers":[${subscribers}]}`;

const created: readonly string[] = [
  '> {"type":"SERVICE_CREATE","service":"weather","nickname":"Weather"}',
  `< {"type":"SERVICE_CREATE_RESULT","successful":true,"service":${S()}}`,
  `< {"seq":0,"type":"SERVICE_CREATE_RESULT","successful":true,"service":${S()}}`,
  `B< {"type":"SERVICE_CREATE_RESULT","successful":true,"service":${S()}}`,
];

export const transcripts: readonly Transcript[] = [
  { name: 'create', rows: ['SERVICE_CREATE'], lines: created },
  {
    name: 'delete',
    rows: ['SERVICE_DELETE'],
    lines: [
      ...created,
      'B> {"type":"SERVICE_DELETE","service":"weather"}',
      'B< {"seq":0,"type":"BAD"}',
      '> {"type":"SERVICE_DELETE","service":"weather"}',
      `< {"type":"SERVICE_DELETE_RESULT","service":${S()}}`,
      `< {"seq":1,"type":"SERVICE_DELETE_RESULT","service":${S()}}`,
      `B< {"type":"SERVICE_DELETE_RESULT","service":${S()}}`,
    ],
  },
  {
    name: 'subscribe and unsubscribe',
    rows: ['SELF_SUBSCRIBE', 'SELF_UNSUBSCRIBE'],
    lines: [
      ...created,
      '> {"type":"SELF_SUBSCRIBE","service":"weather"}',
      `< {"seq":1,"type":"SELF_SUBSCRIBE_RESULT","successful":true,"service":${S('"$A"')}}`,
      `< {"type":"SERVICE_CLIENT_SUBSCRIBED","client":${A},"service":${S('"$A"')}}`,
      'B> {"type":"SELF_SUBSCRIBE","service":"weather"}',
      `B< {"seq":0,"type":"SELF_SUBSCRIBE_RESULT","successful":true,"service":${S('"$A","$B"')}}`,
      `B< {"type":"SERVICE_CLIENT_SUBSCRIBED","client":${B},"service":${S('"$A","$B"')}}`,
      `< {"type":"SERVICE_CLIENT_SUBSCRIBED","client":${B},"service":${S('"$A","$B"')}}`,
      'B> {"type":"SELF_UNSUBSCRIBE","service":"weather"}',
      `B< {"seq":1,"type":"SELF_UNSUBSCRIBE_RESULT","successful":true,"service":${S('"$A"')}}`,
      `< {"type":"SERVICE_CLIENT_UNSUBSCRIBED","client":${B},"service":${S('"$A"')}}`,
    ],
  },
  {
    name: 'fetches',
    rows: ['SELF_FETCH', 'SERVICE_FETCH', 'SERVICE_FETCH_ALL', 'CLIENT_FETCH_ALL', 'CLIENT_FETCH'],
    lines: [
      ...created,
      '> {"type":"SELF_FETCH"}',
      `< {"seq":1,"type":"SELF_FETCH_RESULT","client":${A},"subscriptions":[]}`,
      '> {"type":"SERVICE_FETCH","service":"wether"}',
      '< {"seq":2,"type":"INVALID_SERVICE","service":"wether"}',
      '> {"type":"SERVICE_FETCH","service":"weather"}',
      `< {"seq":3,"type":"SERVICE_FETCH_RESULT","service":${S()}}`,
      '> {"type":"SERVICE_FETCH_ALL"}',
      `< {"seq":4,"type":"SERVICE_FETCH_ALL_RESULT","services":[${S()}]}`,
      '> {"type":"CLIENT_FETCH_ALL"}',
      `< {"seq":5,"type":"CLIENT_FETCH_ALL_RESULT","clients":[${A},${B}]}`,
      '> {"type":"CLIENT_FETCH","uuid":"$B"}',
      `< {"seq":6,"type":"CLIENT_FETCH_RESULT","client":${B},"subscriptions":[]}`,
      '> {"type":"CLIENT_FETCH","uuid":"00000000-0000-4000-8000-000000000000"}',
      '< {"seq":7,"type":"INVALID_UUID","uuid":"00000000-0000-4000-8000-000000000000"}',
    ],
  },
  {
    name: 'messages',
    rows: ['MESSAGE'],
    lines: [
      ...created,
      '> {"type":"MESSAGE","target":{"type":"NAME","name":"zoe"},"data":null}',
      '< {"seq":1,"type":"INVALID_NAME","name":"zoe"}',
      '> {"type":"MESSAGE","target":{"type":"NAME","name":"bob"},"data":null}',
      '< {"seq":2,"type":"OK"}',
      `B< {"type":"MESSAGE","origin":${A},"target":{"type":"NAME","name":"bob"},"data":null}`,
      'B> {"type":"MESSAGE","target":{"type":"UUID","uuid":"$A"},"data":1.0}',
      'B< {"seq":0,"type":"OK"}',
      `< {"type":"MESSAGE","origin":${B},"target":{"type":"UUID","uuid":"$A"},"data":1.0}`,
      '> {"type":"MESSAGE","target":{"type":"SERVICE_CLIENT_UUID","service":"weather","uuid":"$B"},"data":{"type":"ASK","city":"Oslo"}}',
      '< {"seq":3,"type":"OK"}',
      `B< {"type":"MESSAGE","origin":${A.slice(0, -1)},"service":${S()}},"target":{"type":"SERVICE_CLIENT_UUID","service":"weather","uuid":"$B"},"data":{"type":"ASK","city":"Oslo"}}`,
      'B> {"type":"MESSAGE","target":{"type":"SERVICE","service":"weather"},"data":0}',
      'B< {"seq":1,"type":"BAD"}',
    ],
  },
  {
    name: 'numbers and errors',
    rows: ['SELF_SET_SEQ'],
    lines: [
      '> {"type":"SELF_SET_SEQ","seq":41}',
      '< {"seq":41,"type":"OK"}',
      '> {"type":"HELLO"}',
      '< {"seq":42,"type":"ERROR_UNSUPPORTED"}',
      '> {"type":"SERVICE_DELETE"}',
      '< {"seq":43,"type":"ERROR_PROTOCOL","desc":"missing field: service"}',
    ],
  },
];
