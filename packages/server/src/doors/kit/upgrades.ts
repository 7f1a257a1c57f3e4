import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Door, UpgradeRow } from './door.ts';
import { hostAllowed, originAllowed } from './host-check.ts';
import type { RowDeps } from './serve-row.ts';

/** Gives an upgrade to the first door that has its address and wants it. */
export function onUpgrade(doors: readonly Pick<Door, 'name' | 'upgrades'>[], deps: UpgradeDeps) {
  const rows = doors.flatMap((door) => door.upgrades);
  const doorOf = new Map(doors.flatMap(({ name, upgrades }) => upgrades.map((row) => [row, name] as const)));
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // node:http has taken its own listener off: an error from here on must not bring the process down.
    socket.on('error', () => {});
    const found = rowsFor(rows, request, deps);
    if ('status' in found) refuseUpgrade(socket, found.status, found.text);
    else {
      const taker = found.find((row) => row.handle(request, socket, head));
      if (taker === undefined) refuseUpgrade(socket, 400, 'No protocol at this address wants this connection');
      else deps.traffic?.uses(request.socket, doorOf.get(taker) ?? '');
    }
  };
}

type UpgradeDeps = Pick<RowDeps, 'hosts' | 'closing' | 'traffic'>;

function rowsFor(
  rows: readonly UpgradeRow[],
  request: IncomingMessage,
  deps: UpgradeDeps,
): readonly UpgradeRow[] | { status: number; text: string } {
  if (deps.closing()) return { status: 503, text: 'The server is stopping' };
  if (!hostAllowed(deps.hosts, request.headers.host)) return { status: 403, text: 'This host name is not answered here' };
  const path = pathOf(request.url ?? '/');
  const fitting = rows.filter((row) => row.path === path);
  if (fitting.length === 0) return { status: 404, text: 'There is no WebSocket at this address' };
  const open = fitting.filter((row) => originFits(row, request, deps));
  return open.length > 0 ? open : { status: 403, text: 'Pages of this origin may not connect' };
}

function originFits(row: UpgradeRow, request: IncomingMessage, deps: UpgradeDeps): boolean {
  return row.origins === 'any' || originAllowed(deps.hosts, request.headers.origin, request.headers.host);
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).replace(/^\/+/, '/');
}

/** Answers an upgrade that is not granted, in plain HTTP, and closes. For doors too: `headers` end without a blank line. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  if (headers['content-type'] === undefined) lines.push('Content-Type: text/plain; charset=utf-8');
  for (const name in headers) lines.push(`${name}: ${headers[name]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
  socket.once('finish', () => socket.destroy());
}
