import { describe, expect, test } from 'vitest';
import { checkFromClient, checkFromWorker, checkHello } from '../../src/doors/kueue/check-message.ts';
import { decodeFrame, type Variant } from '../../src/doors/kueue/decode.ts';
import { createFrameReader } from '../../src/doors/kueue/frames.ts';

function decode(text: string | Uint8Array): Variant | null {
  let variant: Variant | null | undefined;
  const frame = (one: Parameters<typeof decodeFrame>[0]): void => {
    variant = decodeFrame(one);
  };
  const fault = createFrameReader({ limit: () => 1e6, depth: 128, streamFrom: 1e9, frame }).push(Buffer.from(text as string));
  expect(fault).toBe(null);
  return variant ?? null;
}

const issue = (extra: Record<string, unknown> = {}, raw = ''): string => {
  const job = {
    job_id: 0,
    cmd: ['a'],
    cwd: '/',
    local_resources: { job_slots: 1, cpus: 1, ram_mb: 1 },
    global_resources: null,
    status: { Pending: { issued: '2025-03-04T09:14:59.906498176Z' } },
    stdout_path: null,
    stderr_path: null,
    ...extra,
  };
  const text = JSON.stringify({ IssueJob: job });
  return raw === '' ? text : text.replace('"raw"', raw);
};
const client = (text: string): string | null => {
  const variant = decode(text);
  return variant === null ? null : (checkFromClient(variant)?.name ?? null);
};
const worker = (text: string): string | null => {
  const variant = decode(text);
  return variant === null ? null : (checkFromWorker(variant)?.name ?? null);
};

describe('decoding (kueue §2.1)', () => {
  test('a unit variant is a string, or an object with null', () => {
    expect(decode('"Bye"')).toEqual({ name: 'Bye', body: null });
    expect(client('{"Bye":null}')).toBe('Bye');
    expect(client('{"Bye":{}}')).toBe(null);
    expect(client('"ShowJob"')).toBe(null);
  });

  test.each(['{}', '{"Bye":null,"Bye2":null}', '{"a"}', '"\\x"', '{"a":01}', '{"Bye":nul}', '"a\nb"', '{"a":1,}'])(
    '%j is malformed',
    (text) => {
      expect(decode(text)).toBe(null);
    },
  );

  test('bytes that are no UTF-8 are malformed', () => {
    expect(decode(Buffer.from([0x22, 0xff, 0x22]))).toBe(null);
    expect(decode(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe(null);
  });

  test('a doubled key is malformed wherever it stands, an escaped one too', () => {
    expect(decode('{"ShowJob":{"job_id":1,"job_id":2}}')).toBe(null);
    expect(decode('{"ShowJob":{"job_id":1,"job\\u005fid":2}}')).toBe(null);
    expect(decode('{"A":[{"x":1},{"x":1}]}')).not.toBe(null);
    expect(decode('{"A":{"__proto__":1,"x":":"}}')).not.toBe(null);
  });

  test('a lone surrogate is malformed, a pair is not', () => {
    expect(decode('{"AuthResponse":"\\ud83d\\ude00"}')).not.toBe(null);
    expect(decode('{"AuthResponse":"\\ud83d"}')).toBe(null);
    expect(decode('{"A\\udc00":1}')).toBe(null);
    expect(decode('{"AuthResponse":"\\\\ud83d"}')).not.toBe(null);
  });

  test.each(['7.0', '7e0', '"7"', '-7', 'null', '18446744073709551616', '-0', 'true'])('%s is no u64', (number) => {
    expect(client(`{"ShowJob":{"job_id":${number}}}`)).toBe(null);
    expect(client(issue({ local_resources: { job_slots: 1, cpus: 'raw', ram_mb: 1 } }, number))).toBe(null);
    expect(client(issue({ global_resources: { matlab: 'raw' } }, number))).toBe(null);
  });

  test.each(['0', '7', '9007199254740991', '9007199254740992', '18446744073709551615'])('%s is one', (number) => {
    expect(client(`{"ShowJob":{"job_id":${number}}}`)).toBe('ShowJob');
  });

  test('fields that nobody knows may hold anything', () => {
    expect(client(issue({ extra: 'raw' }, '{"a":1.5,"b":-3e9}'))).toBe('IssueJob');
  });

  test('options may be null or absent; other fields may not', () => {
    const { IssueJob } = JSON.parse(issue());
    for (const name of ['global_resources', 'stdout_path', 'stderr_path']) {
      const { [name]: _, ...rest } = IssueJob;
      expect(client(JSON.stringify({ IssueJob: rest }))).toBe('IssueJob');
    }
    for (const name of ['job_id', 'cmd', 'cwd', 'status']) {
      const { [name]: _, ...rest } = IssueJob;
      expect(client(JSON.stringify({ IssueJob: rest }))).toBe(null);
    }
  });

  test.each(['2025-03-04T09:14:59Z', '2025-03-04T09:14:59.906498176Z', '2025-03-04 09:14:59.1+01:00'])(
    '%s is a time',
    (issued) => {
      expect(client(issue({ status: { Pending: { issued } } }))).toBe('IssueJob');
    },
  );

  test.each(['2025-03-04T09:14:59', 'yesterday', ''])('%j is none', (issued) => {
    expect(client(issue({ status: { Pending: { issued } } }))).toBe(null);
  });

  test('exactly one status', () => {
    expect(client(issue({ status: {} }))).toBe(null);
    const issued = '2025-03-04T09:14:59Z';
    expect(client(issue({ status: { Pending: { issued }, Canceled: { issued, canceled: issued } } }))).toBe(null);
  });

  test('a load may be null, a whole number or a broken one; a return code is 32 bits', () => {
    const system = (load: string): string =>
      `{"UpdateSystemInfo":{"kernel":"k","distribution":"d","cpu_cores":1,"cpu_frequency":1,"total_ram_mb":1,"load_info":{"one":${load},"five":2,"fifteen":2.5e-1}}}`;
    for (const load of ['null', '0', '1.75', '-1']) expect(worker(system(load))).toBe('UpdateSystemInfo');
    expect(worker(system('"1"'))).toBe(null);
    const at = '"2025-03-04T09:14:59Z"';
    const status = (code: string): string =>
      `{"UpdateJobStatus":{"job_id":1,"status":{"Finished":{"issued":${at},"started":${at},"finished":${at},"return_code":${code},"worker":"w","run_time_seconds":1,"comment":""}}}}`;
    for (const code of ['0', '-43', '2147483647', '-2147483648']) expect(worker(status(code))).toBe('UpdateJobStatus');
    for (const code of ['2147483648', '-2147483649', '1.0']) expect(worker(status(code))).toBe(null);
  });

  test('each phase knows its own messages only', () => {
    const hello = (text: string): string | null => checkHello(decode(text)!)?.name ?? null;
    expect(hello('"HelloFromClient"')).toBe('HelloFromClient');
    expect(hello('{"HelloFromWorker":{"worker_name":"x"}}')).toBe('HelloFromWorker');
    expect(hello('{"HelloFromWorker":["x"]}')).toBe('HelloFromWorker');
    expect(hello('"AuthRequest"')).toBe(null);
    expect(client('"HelloFromClient"')).toBe(null);
    expect(client('{"UpdateResources":{"job_slots":1,"cpus":1,"ram_mb":1}}')).toBe(null);
    expect(worker('"AuthRequest"')).toBe(null);
    expect(worker('"ListWorkers"')).toBe(null);
  });
});
