import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../lib/until.ts';
import { enter, enterAll } from './lib/clients.ts';
import { openPlace, type Place } from './lib/place.ts';

interface Asked {
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData | Uint8Array<ArrayBuffer>;
}

function fs(place: Place, method: string, path: string, { key, headers, body }: Asked = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${place.port}${path}`, {
    method,
    headers: { ...(key == null ? {} : { 'x-fs-key': key }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

/** What a client that speaks HTTP by hand gets: `fetch` would tidy the address up. */
function rawHttp(port: number, lines: readonly string[], body: Buffer = Buffer.alloc(0)): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let seen = '';
    socket.on('data', (bytes) => (seen += bytes.toString('latin1')));
    socket.on('close', () => resolve(seen));
    socket.on('error', reject);
    socket.write(`${lines.join('\r\n')}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    socket.write(body);
  });
}

const form = (...parts: readonly [field: string, name: string, text: string][]): FormData => {
  const data = new FormData();
  for (const [field, name, text] of parts) data.append(field, new Blob([text]), name);
  return data;
};

/** Files on the disk, of all clients. A folder may go while it is looked at. */
async function onDisk(place: Place): Promise<number> {
  const root = join(place.dir, 'files');
  const folders = await Promise.all((await readdir(root)).map((name) => readdir(join(root, name)).catch(() => [])));
  return folders.flat().length;
}

describe('concierge: files', () => {
  it('concierge §9.24 a page of another origin asks first, uploads as its client, and a service fetches it', async () => {
    await using place = await openPlace();
    const { viewer, planetary } = await enterAll(place.port, 'viewer', 'planetary');
    const origin = 'http://viewer.example';
    const path = '/fs/viewer/system.json';
    const asked = await fs(place, 'OPTIONS', path, {
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-fs-key' },
    });
    expect(asked.status).toBe(200);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-headers')).toBe('x-fs-key');
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
      expect(asked.headers.get('access-control-allow-methods')).toContain(method);
    }
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await fs(place, 'OPTIONS', path, { headers: { Origin: origin } })).status).toBe(400);

    const body = form(['file', 'my file.json', '{"a":1}']);
    const stored = await fs(place, 'POST', path, { key: viewer.uuid, headers: { Origin: origin }, body });
    expect([stored.status, await stored.text()]).toEqual([201, '']);
    expect(stored.headers.get('access-control-allow-origin')).toBe(origin);
    expect(stored.headers.get('vary')).toContain('Origin');

    const fetched = await fs(place, 'GET', path, { key: planetary.uuid });
    expect([fetched.status, await fetched.text()]).toEqual([200, '{"a":1}']);
    expect(fetched.headers.get('content-type')).toBe('application/json');
    expect(fetched.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(fetched.headers.get('x-content-type-options')).toBe('nosniff');
    expect(fetched.headers.get('accept-ranges')).toBe('bytes');
    const refused = await fs(place, 'GET', path, { headers: { Origin: origin } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([428, origin]);
  });

  it('concierge §9.25 when the client leaves, its files are gone and its key is nobody’s', async () => {
    await using place = await openPlace();
    const { viewer, other } = await enterAll(place.port, 'viewer', 'other');
    await fs(place, 'PUT', '/fs/viewer/a/b.txt', { key: viewer.uuid, body: 'text' });
    expect(await onDisk(place)).toBe(1);
    await viewer.client.leave();
    await until(() => place.door.clients().length === 1);
    expect((await fs(place, 'GET', '/fs/viewer/a/b.txt', { key: viewer.uuid })).status).toBe(401);
    expect((await fs(place, 'PUT', '/fs/viewer/a/b.txt', { key: viewer.uuid, body: 'x' })).status).toBe(401);
    expect((await fs(place, 'GET', '/fs/viewer/a/b.txt', { key: other.uuid })).status).toBe(404);
    const { client } = await enter(place.port, 'viewer');
    expect((await fs(place, 'GET', '/fs/viewer/a/b.txt', { key: other.uuid })).status, 'nor a namesake’s').toBe(404);
    await until(async () => (await onDisk(place)) === 0);
    await client.leave();
  });

  it('concierge §9.26 keys are looked at, and no path leads out of the store', async () => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    const path = '/fs/ada/x.txt';
    expect((await fs(place, 'PUT', path, { key: bob.uuid, body: 'x' })).status).toBe(403);
    expect((await fs(place, 'DELETE', path, { key: bob.uuid })).status).toBe(403);
    expect((await fs(place, 'GET', path)).status).toBe(428);
    expect((await fs(place, 'GET', path, { key: 'nonsense' })).status).toBe(417);
    expect((await fs(place, 'GET', path, { key: '00000000-0000-4000-8000-000000000000' })).status).toBe(401);
    expect((await fs(place, 'GET', path, { key: ada.uuid })).status).toBe(404);
    expect((await fs(place, 'DELETE', path, { key: ada.uuid })).status).toBe(404);
    expect((await fs(place, 'PATCH', path, { key: ada.uuid })).status).toBe(405);
    expect((await fs(place, 'PUT', path, { key: ada.uuid.toUpperCase().replaceAll('-', ''), body: 'x' })).status).toBe(201);
    const out = [
      '..',
      '%2e%2e',
      '%2E.',
      '../..',
      '..%2f..',
      '%2e%2e%2f%2e%2e',
      '..%5c..',
      'a/../..',
      './a',
      'a//b',
      'a/',
      '%00',
      'a%00b',
      '%252e%252e%2f',
    ];
    for (const rest of out) {
      for (const client of ['ada', '..', '%2e%2e', 'bob/../ada']) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const lines = [`${method} /fs/${client}/${rest} HTTP/1.1`, `x-fs-key: ${ada.uuid}`];
          const answer = await rawHttp(place.port, method === 'PUT' ? [...lines, 'Content-Length: 0'] : lines);
          expect(answer, `${method} ${client} ${rest}`).toMatch(/^HTTP\/1\.1 (400|403|404|405)/);
        }
      }
    }
    expect(await onDisk(place)).toBe(1);
    expect((await readdir(place.dir)).sort()).toEqual(['files']);
  });

  it('concierge §9.27 raw bytes come back as they were; ranges and conditions hold', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    const key = ada.uuid;
    const path = '/fs/ada/blob.bin';
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7919) % 256);
    expect((await fs(place, 'POST', path, { key, body: bytes })).status).toBe(201);
    const whole = await fs(place, 'GET', path, { key });
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const etag = whole.headers.get('etag') ?? '';
    const modified = whole.headers.get('last-modified') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    async function ranged(range: string, more: Readonly<Record<string, string>> = {}): Promise<[number, string | null, string]> {
      const answer = await fs(place, 'GET', path, { key, headers: { Range: range, ...more } });
      return [
        answer.status,
        answer.headers.get('content-range'),
        Buffer.from(await answer.arrayBuffer())
          .toString('hex')
          .slice(0, 8),
      ];
    }
    const hex = (from: number): string => Buffer.from(bytes.subarray(from, from + 4)).toString('hex');
    expect(await ranged('bytes=10-13')).toEqual([206, 'bytes 10-13/70000', hex(10)]);
    expect(await ranged('bytes=-4')).toEqual([206, 'bytes 69996-69999/70000', hex(69_996)]);
    expect(await ranged('bytes=5-8,20-30'), 'the first of several').toEqual([206, 'bytes 5-8/70000', hex(5)]);
    expect((await ranged('bytes=70000-')).slice(0, 2)).toEqual([416, 'bytes */70000']);
    expect(await ranged('bytes=0-3', { 'If-Range': '"other"' })).toEqual([200, null, hex(0)]);
    expect((await ranged('bytes=0-3', { 'If-Range': etag }))[0]).toBe(206);
    const status = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await fs(place, 'GET', path, { key, headers })).status;
    expect(await status({ 'If-None-Match': etag })).toBe(304);
    expect(await status({ 'If-None-Match': '"x"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': modified })).toBe(304);
    expect(await status({ 'If-Match': '"x"' })).toBe(412);
    expect(await status({ 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).toBe(412);
    const head = await fs(place, 'HEAD', path, { key });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '70000', '']);
    await fs(place, 'PUT', path, { key, body: 'new' });
    expect(await status({ 'If-None-Match': etag }), 'another version').toBe(200);
    expect((await fs(place, 'DELETE', path, { key })).status).toBe(200);
    expect((await fs(place, 'GET', path, { key })).status).toBe(404);
  });

  it('several files at once, named by their parts; a part without a name is 428', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    const key = ada.uuid;
    expect((await fs(place, 'POST', '/fs/ada/', { key, body: form(['a', 'one.txt', '1'], ['b', 'two.txt', '22']) })).status).toBe(
      201,
    );
    expect(await (await fs(place, 'GET', '/fs/ada/two.txt', { key })).text()).toBe('22');
    const nameless = new FormData();
    nameless.append('field', 'text');
    expect((await fs(place, 'POST', '/fs/ada/', { key, body: nameless })).status).toBe(428);
    expect((await fs(place, 'POST', '/fs/ada/', { key, body: 'raw' })).status).toBe(400);
  });

  it('parts with one file name are one file; with different ones they are refused and what was there stays', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    const key = ada.uuid;
    expect((await fs(place, 'POST', '/fs/ada/x', { key, body: form(['a', 'f', '1'], ['b', 'f', '2']) })).status).toBe(201);
    expect(await (await fs(place, 'GET', '/fs/ada/x', { key })).text()).toBe('12');
    expect((await fs(place, 'POST', '/fs/ada/x', { key, body: form(['a', 'f', '3'], ['b', 'g', '4']) })).status).toBe(412);
    expect(await (await fs(place, 'GET', '/fs/ada/x', { key })).text()).toBe('12');
    expect(await onDisk(place)).toBe(1);
  });

  it('a file over the limit and a client over its room are 413; the edge itself is not', async () => {
    await using place = await openPlace({ limits: { fileBytes: 1_000, clientFileBytes: 1_500 } });
    const { ada } = await enterAll(place.port, 'ada');
    const put = async (name: string, size: number): Promise<number> =>
      (await fs(place, 'PUT', `/fs/ada/${name}`, { key: ada.uuid, body: 'x'.repeat(size) })).status;
    expect(await put('a', 1_001)).toBe(413);
    expect(await put('a', 1_000)).toBe(201);
    expect(await put('b', 501)).toBe(413);
    expect(await put('b', 500)).toBe(201);
    expect((await fs(place, 'DELETE', '/fs/ada/b', { key: ada.uuid })).status).toBe(200);
    expect(await put('c', 500)).toBe(201);
    expect(place.door.status().figures).toMatchObject({ files: 2, file_bytes: 1_500 });
  });

  it.each(['multipart', 'raw'])('an upload (%s) that breaks off leaves nothing, and harms nobody', async (how) => {
    await using place = await openPlace();
    const { ada, bob } = await enterAll(place.port, 'ada', 'bob');
    const type = how === 'multipart' ? 'multipart/form-data; boundary=zz' : 'application/octet-stream';
    const begin = '--zz\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const socket = connect({ port: place.port, host: '127.0.0.1' });
    const head = [
      'POST /fs/ada/f HTTP/1.1',
      'Host: 127.0.0.1',
      `x-fs-key: ${ada.uuid}`,
      `Content-Type: ${type}`,
      'Content-Length: 90000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${how === 'multipart' ? begin : ''}${'x'.repeat(5_000)}`);
    await until(async () => (await onDisk(place)) === 1);
    expect((await fs(place, 'GET', '/fs/ada/f', { key: bob.uuid })).status, 'not there before it is whole').toBe(404);
    socket.resetAndDestroy();
    await until(async () => (await onDisk(place)) === 0);
    expect((await fs(place, 'PUT', '/fs/ada/f', { key: ada.uuid, body: 'whole' })).status).toBe(201);
    expect(await (await fs(place, 'GET', '/fs/ada/f', { key: bob.uuid })).text()).toBe('whole');
    expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('a body that is no multipart although it says so is 400', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=zz']) {
      const answer = await fs(place, 'POST', '/fs/ada/f', { key: ada.uuid, headers: { 'Content-Type': type }, body: 'no parts' });
      expect(answer.status, type).toBe(400);
    }
    expect(await onDisk(place)).toBe(0);
  });

  it('an upload whose client leaves meanwhile is given up', async () => {
    await using place = await openPlace();
    const { ada } = await enterAll(place.port, 'ada');
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = fetch(`http://127.0.0.1:${place.port}/fs/ada/f`, {
      method: 'PUT',
      headers: { 'x-fs-key': ada.uuid },
      body: readable,
      duplex: 'half',
    } as RequestInit);
    await writer.write(Buffer.from('first'));
    await until(async () => (await onDisk(place)) === 1);
    await ada.client.leave();
    await until(async () => (await onDisk(place)) === 0);
    await writer.write(Buffer.from('second'));
    await writer.close().catch(() => {});
    expect((await answer).status).toBe(401);
    expect(await onDisk(place)).toBe(0);
  });

  it.each([
    ['public', 201],
    ['address', 201],
    ['private', 403],
  ] as const)(
    'with keys that are %s the public UUID writes: %i; the private key of HELLO always does',
    async (fileKeys, expected) => {
      await using place = await openPlace({ door: { fileKeys } });
      const { uuid, hello } = await enter(place.port, 'ada');
      expect((await fs(place, 'PUT', '/fs/ada/f', { key: uuid, body: 'x' })).status).toBe(expected);
      const key = String(hello.fs_key);
      expect(key).not.toBe(uuid);
      expect((await fs(place, 'PUT', '/fs/ada/f', { key, body: 'x' })).status).toBe(201);
      expect((await fs(place, 'GET', '/fs/ada/f', { key: uuid })).status).toBe(200);
    },
  );

  it('__proto__ is a file’s name and a client’s', async () => {
    await using place = await openPlace();
    const { uuid: key } = await enter(place.port, '__proto__');
    for (const name of ['__proto__', 'constructor', 'toString', 'a/__proto__', '%F0%9F%98%80 x']) {
      expect((await fs(place, 'PUT', `/fs/__proto__/${name}`, { key, body: name })).status).toBe(201);
      expect(await (await fs(place, 'GET', `/fs/__proto__/${name}`, { key })).text()).toBe(name);
    }
    expect((await fs(place, 'GET', '/fs/__proto__/hasOwnProperty', { key })).status).toBe(404);
    expect((await fs(place, 'GET', '/fs/toString/x', { key })).status).toBe(404);
  });
});
