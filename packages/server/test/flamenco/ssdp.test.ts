import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Ssdp } from '../../src/doors/flamenco/ssdp.ts';
import { addressFor, searchesManager, ssdpAnswer } from '../../src/doors/flamenco/ssdp-answer.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { keptLog } from '../lib/quiet-log.ts';

/** As the worker asks (flamenco §1). */
const search = [
  'M-SEARCH * HTTP/1.1',
  'ST: urn:flamenco:manager:0',
  'MX: 3',
  'MAN: "ssdp:discover"',
  'HOST: 239.255.255.250:1900',
  '',
  '',
].join('\r\n');

const lo = { name: 'lo', address: '127.0.0.1', cidr: '127.0.0.1/8', family: 'IPv4' } as const;

function open(options: Partial<ConstructorParameters<typeof Ssdp>[0]> = {}) {
  const { log, lines } = keptLog();
  const ssdp = new Ssdp({
    ...{ hosts: ['0.0.0.0'], httpPort: () => 8_080, uuid: 'u-1', clock: createFakeClock(), log, port: 0 },
    interfaces: () => [lo],
    ...options,
  });
  return { ssdp, lines };
}

describe('discovery', () => {
  it('flamenco §9.1 a worker with an empty manager_url finds us at once', async () => {
    const { ssdp, lines } = open();
    await ssdp.start();
    const worker = createSocket('udp4');
    await new Promise<void>((resolve) => worker.bind(0, '127.0.0.1', resolve));
    const heard = once(worker, 'message');
    worker.send(search, ssdp.ports[0]!, '127.0.0.1');
    const [datagram] = (await heard) as [Buffer];
    expect(datagram.length).toBeLessThanOrEqual(1_024);
    // It is parsed as an HTTP response, and `Location` is all that is looked at.
    const [status, ...headers] = datagram.toString().split('\r\n');
    expect(status).toBe('HTTP/1.1 200 OK');
    expect(headers).toContain('LOCATION: http://127.0.0.1:8080/');
    expect(headers).toContain('ST: urn:flamenco:manager:0');
    expect(headers.at(-1)).toBe('');
    expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
    worker.close();
    await ssdp.close();
    await ssdp.close();
  });

  it('answers a flood no faster than it must, and nothing before it listens', async () => {
    let port: number | null = null;
    const { ssdp } = open({ httpPort: () => port });
    await ssdp.start();
    const asker = createSocket('udp4');
    await new Promise<void>((resolve) => asker.bind(0, '127.0.0.1', resolve));
    let answers = 0;
    asker.on('message', () => void answers++);
    const ask = () => new Promise<void>((resolve) => asker.send(search, ssdp.ports[0]!, '127.0.0.1', () => resolve()));
    await ask();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toBe(0);
    port = 80;
    for (let i = 0; i < 200; i++) {
      await ask();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toBeGreaterThan(0);
    expect(answers).toBeLessThanOrEqual(51);
    asker.close();
    await ssdp.close();
  });

  it('no multicast is only a warning', async () => {
    const { ssdp, lines } = open({ interfaces: () => [] });
    await ssdp.start();
    expect(lines.filter(({ level }) => level === 40)).toHaveLength(1);
    expect(lines.filter(({ level }) => level > 40)).toEqual([]);
    await ssdp.close();
    const taken = open({ interfaces: () => [{ ...lo, address: '203.0.113.7' }] });
    await taken.ssdp.start();
    expect(taken.lines.some(({ level }) => level === 40)).toBe(true);
    await taken.ssdp.close();
  });

  it('hears searches for a manager or for everything, and nothing else', () => {
    expect(searchesManager(search)).toBe(true);
    expect(searchesManager(search.replace('urn:flamenco:manager:0', 'ssdp:all'))).toBe(true);
    expect(searchesManager(search.replaceAll('\r\n', '\n'))).toBe(true);
    for (const other of [
      search.replace('urn:flamenco:manager:0', 'urn:flamenco:manager:1'),
      search.replace('M-SEARCH', 'NOTIFY'),
      search.replace('"ssdp:discover"', 'x'),
      '',
      'M-SEARCH * HTTP/1.1',
      '\0\0\0',
    ]) {
      expect(searchesManager(other)).toBe(false);
    }
  });

  it('names the address that the sender can reach', () => {
    const local = [
      { address: '10.0.0.5', cidr: '10.0.0.5/24', family: 'IPv4' },
      { address: '192.168.7.2', cidr: '192.168.7.2/16', family: 'IPv4' },
      { address: 'fe80::1', cidr: 'fe80::1/64', family: 'IPv6' },
    ] as const;
    const near = (cidr: string, address: string) => address.startsWith(cidr.slice(0, 4));
    expect(addressFor('192.168.9.9', local, ['0.0.0.0'], near)).toBe('192.168.7.2');
    expect(addressFor('172.16.0.1', local, ['::'], near)).toBe('10.0.0.5');
    expect(addressFor('192.168.9.9', local, ['10.0.0.5'], near)).toBe('10.0.0.5');
    expect(addressFor('192.168.9.9', local, ['127.0.0.1'], near)).toBeNull();
    expect(addressFor('fe80::9', local, ['::'], near)).toBe('fe80::1');
    expect(ssdpAnswer({ host: 'fe80::1', port: 1, uuid: 'u' })).toContain('LOCATION: http://[fe80::1]:1/\r\n');
  });
});
