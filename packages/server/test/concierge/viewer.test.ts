import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../lib/temp-dir.ts';
import { openPlace } from './lib/place.ts';

async function viewing() {
  const dir = await tempDir();
  const root = join(dir.path, 'viewer');
  await mkdir(join(root, 'a b'), { recursive: true });
  await mkdir(join(root, 'empty'));
  await writeFile(join(root, 'index.html'), '<p>front</p>');
  await writeFile(join(root, 'a b', 'index.html'), '<p>inner</p>');
  await writeFile(join(root, 'viewer.js'), '0123456789');
  await writeFile(join(root, '100%25.txt'), 'once');
  await writeFile(join(root, 'nothing.css'), '');
  await writeFile(join(root, '.env'), 'hidden');
  await writeFile(join(dir.path, 'secret.txt'), 'secret');
  await symlink(join(dir.path, 'secret.txt'), join(root, 'link.txt'));
  const place = await openPlace({ door: { port: 0 }, viewer: root });
  const port = place.ownPort ?? 0;
  const close = async (): Promise<void> => {
    await place.close();
    await dir.remove();
  };
  return { place, port, get: (path: string, asked?: Asked) => request(port, path, asked), [Symbol.asyncDispose]: close };
}

interface Asked {
  readonly method?: string;
  readonly headers?: readonly string[];
}

/** By hand: `fetch` would tidy the address up. */
function request(port: number, path: string, { method = 'GET', headers = [] }: Asked = {}) {
  return new Promise<{ status: number; head: string; body: string }>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let seen = '';
    socket.on('data', (bytes) => (seen += bytes.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => {
      const at = seen.indexOf('\r\n\r\n');
      resolve({ status: Number(seen.split(' ', 2)[1]), head: seen.slice(0, at).toLowerCase(), body: seen.slice(at + 4) });
    });
    socket.write([`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers, '', ''].join('\r\n'));
  });
}

describe('concierge: the viewer folder', () => {
  it('shows files with their types, and index.html for its folder', async () => {
    await using at = await viewing();
    const front = await at.get('/babylonjs/');
    expect([front.status, front.body]).toEqual([200, '<p>front</p>']);
    expect(front.head).toContain('content-type: text/html; charset=utf-8');
    expect(front.head).toContain('x-content-type-options: nosniff');
    expect(front.head).not.toContain('content-disposition');
    expect((await at.get('/babylonjs/index.html?server=http://x/&name=ada')).body).toBe('<p>front</p>');
    const script = await at.get('/babylonjs/viewer.js');
    expect([script.status, script.body]).toEqual([200, '0123456789']);
    expect(script.head).toContain('content-type: text/javascript');
    expect((await at.get('/babylonjs/a%20b/')).body).toBe('<p>inner</p>');
    expect(await at.get('/babylonjs/nothing.css')).toMatchObject({ status: 200, body: '' });
  });

  it('leads to the folder with its slash and keeps the query', async () => {
    await using at = await viewing();
    const front = await at.get('/babylonjs?name=ada');
    expect([front.status, /\r\nlocation: (.*)/.exec(front.head)?.[1]]).toEqual([301, './babylonjs/?name=ada']);
    const inner = await at.get('/babylonjs/a%20b');
    expect([inner.status, /\r\nlocation: (.*)/.exec(inner.head)?.[1]]).toEqual([301, './a%20b/']);
  });

  it('decodes once', async () => {
    await using at = await viewing();
    expect((await at.get('/babylonjs/100%2525.txt')).body).toBe('once');
    expect((await at.get('/babylonjs/100%25.txt')).status).toBe(404);
  });

  it.each([
    '/babylonjs/../secret.txt',
    '/babylonjs/%2e%2e/secret.txt',
    '/babylonjs/%2E%2E%2Fsecret.txt',
    '/babylonjs/..%2fsecret.txt',
    '/babylonjs/..%5csecret.txt',
    '/babylonjs/%252e%252e/secret.txt',
    '/babylonjs/a%20b/../../../secret.txt',
    '/babylonjs/a%20b%2f..%2findex.html',
    '/babylonjs//index.html',
    '/babylonjs/./index.html',
    '/babylonjs/link.txt',
    '/babylonjs/.env',
    '/babylonjs/viewer.js/',
    '/babylonjs/viewer.js%00',
    '/babylonjs/empty',
    '/babylonjs/empty/',
    '/babylonjs/none',
    '/babylonjsx/index.html',
    '/babylonjs%2findex.html',
  ])('404: %s', async (path) => {
    await using at = await viewing();
    const answer = await at.get(path);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toMatch(/^secret|^hidden|<p>/);
  });

  it('an address that cannot be decoded is none', async () => {
    await using at = await viewing();
    expect([400, 404]).toContain((await at.get('/babylonjs/%zz')).status);
    expect([400, 404]).toContain((await at.get('/babylonjs/%ff')).status);
  });

  it('knows conditions, ranges and HEAD', async () => {
    await using at = await viewing();
    const whole = await at.get('/babylonjs/viewer.js', { method: 'HEAD' });
    expect([whole.status, whole.body]).toEqual([200, '']);
    expect(whole.head).toContain('content-length: 10');
    const etag = /\r\netag: ("[^"]+")/.exec(whole.head)?.[1];
    expect((await at.get('/babylonjs/viewer.js', { headers: [`If-None-Match: ${etag}`] })).status).toBe(304);
    expect((await at.get('/babylonjs/viewer.js', { headers: ['If-Match: "other"'] })).status).toBe(412);
    const part = await at.get('/babylonjs/viewer.js', { headers: ['Range: bytes=2-4', `If-Range: ${etag}`] });
    expect([part.status, part.body]).toEqual([206, '234']);
    expect(part.head).toContain('content-range: bytes 2-4/10');
    expect((await at.get('/babylonjs/viewer.js', { headers: ['Range: bytes=10-'] })).status).toBe(416);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('405: %s', async (method) => {
    await using at = await viewing();
    for (const path of ['/babylonjs', '/babylonjs/viewer.js']) {
      const answer = await at.get(path, { method });
      expect(answer.status).toBe(405);
      expect(answer.head).toContain('allow: get, head');
    }
  });

  it('is not on the shared port, nor anywhere unless it is set', async () => {
    await using at = await viewing();
    expect((await request(at.place.port, '/babylonjs/')).status).toBe(404);
    expect((await request(at.place.port, '/babylonjs/viewer.js')).status).toBe(404);
    await using without = await openPlace({ door: { port: 0 } });
    expect((await request(without.ownPort ?? 0, '/babylonjs/')).status).toBe(404);
  });
});
