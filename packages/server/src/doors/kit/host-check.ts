import { isIP } from 'node:net';

/**
 * Which names this server answers to, and which web pages may talk to it. Loopback is not private from browsers: a page of
 * anybody's may be led here by a name that points to 127.0.0.1, so the name is looked at.
 */
export interface HostRule {
  /** Configured host names, lower case, without port. */
  readonly names: ReadonlySet<string>;
  /** Addresses as such (`http://192.168.1.5:8080`) are answered: on when anything but loopback is bound. */
  readonly addresses: boolean;
  /** Configured origins (`https://ui.example`), lower case. */
  readonly origins: ReadonlySet<string>;
}

export function hostRule(options: {
  readonly binds: readonly string[];
  readonly names?: readonly string[];
  readonly origins?: readonly string[];
}): HostRule {
  return {
    names: new Set((options.names ?? []).map((name) => hostNameOf(name.toLowerCase()))),
    addresses: options.binds.some((host) => !isLoopback(host)),
    origins: new Set((options.origins ?? []).map((origin) => origin.toLowerCase().replace(/\/$/, ''))),
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** `host` of a request header. One that is absent is no browser's (HTTP/1.0) and passes. */
export function hostAllowed(rule: HostRule, header: string | undefined): boolean {
  if (header === undefined) return true;
  const name = hostNameOf(header.toLowerCase());
  return isLoopback(name) || rule.names.has(name) || (rule.addresses && isIP(name) !== 0);
}

/**
 * A program of this very machine, that came straight here under a name of this machine. A proxy's connections come from here
 * too: whoever says that he speaks for another is not taken for local. Nor is a page of elsewhere in a browser of this machine,
 * also where its door lets pages of any origin in.
 */
export function isLocalCall(remote: string, headers: Readonly<Record<string, string | undefined>>): boolean {
  const { host, origin } = headers;
  if (!isLoopback(remote) || (host !== undefined && !isLoopback(hostNameOf(host.toLowerCase())))) return false;
  if (origin !== undefined && !isLoopback(originHostOf(origin))) return false;
  return proxyHeaders.every((name) => headers[name] === undefined);
}

const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'] as const;

/** A page of this very server, or of a configured origin. No `Origin` at all: not a page's request. */
export function originAllowed(rule: HostRule, origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  const text = origin.toLowerCase();
  if (rule.origins.has(text)) return true;
  const same = host?.toLowerCase();
  return same !== undefined && (text === `http://${same}` || text === `https://${same}`);
}

/** `http://localhost:5173` -> `localhost`; empty: `null`, or what has no host. */
const originHostOf = (origin: string): string => hostNameOf(/^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1] ?? '');

/** `[::1]:8080` -> `::1`, `name:80` -> `name`, a dot at the end dropped. */
function hostNameOf(host: string): string {
  if (host.startsWith('[')) return host.slice(1, Math.max(1, host.indexOf(']')));
  const colon = host.indexOf(':');
  // More than one colon without brackets: a bare IPv6 address.
  const name = colon >= 0 && host.indexOf(':', colon + 1) < 0 ? host.slice(0, colon) : host;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
