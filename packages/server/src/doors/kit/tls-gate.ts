import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../ports/clock.ts';
import { isLetter, type Taker } from './first-byte.ts';
import { isLoopback } from './host-check.ts';

/** PEM. */
export interface TlsMaterial {
  /** The server's certificate first, then those between it and its authority. */
  readonly cert: string;
  readonly key: string;
}

export interface TlsOptions {
  readonly material: TlsMaterial;
  /** Without TLS only programs of this machine are answered. */
  readonly only: boolean;
  readonly handshakeMs: number;
  readonly clock: Clock;
}

/** A TLS handshake begins with it (RFC 8446 §5.1). */
const handshakeByte = 0x16;

/** TLS on connections that are there already: whoever begins with a handshake is sorted again inside. */
export class TlsGate {
  readonly #options: TlsOptions;
  #cert: string;
  #context: SecureContext;

  /** Throws where the material does not do (`tlsFault`). */
  constructor(options: TlsOptions) {
    this.#options = options;
    this.#cert = options.material.cert;
    this.#context = createSecureContext(options.material);
  }

  get only(): boolean {
    return this.#options.only;
  }

  /** When the certificate ends, wall clock, ms. */
  get expiresAt(): number {
    return Date.parse(new X509Certificate(this.#cert).validTo);
  }

  /** For connections that begin with a handshake; `then` gets them when it is done. */
  taker(then: (secure: TLSSocket) => void): Taker {
    return {
      name: 'tls',
      takes: (byte) => byte === handshakeByte,
      take: (socket, first) => {
        socket.unshift(first);
        this.#secure(socket, then);
      },
    };
  }

  /** For connections from now on. Null: done; else why the old one stays. */
  renew(material: TlsMaterial): string | null {
    const fault = tlsFault(material);
    if (fault !== null) return fault;
    this.#cert = material.cert;
    this.#context = createSecureContext(material);
    return null;
  }

  #secure(socket: Socket, then: (secure: TLSSocket) => void): void {
    const { clock, handshakeMs } = this.#options;
    const secure = new TLSSocket(socket, { isServer: true, secureContext: this.#context, ALPNProtocols: ['http/1.1'] });
    // Whoever speaks TLS badly, or not to the end, is let go without a word; the error itself is nobody's concern.
    const end = (): void => void socket.destroy();
    const late = clock.after(handshakeMs, end);
    secure.on('error', end);
    secure.once('close', () => {
      late.cancel();
      end();
    });
    secure.once('secure', () => {
      late.cancel();
      then(secure);
    });
  }
}

/** Why a certificate and a key cannot be used; null: they can. */
export function tlsFault({ cert, key }: TlsMaterial): string | null {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return 'the key is not the one of this certificate';
    createSecureContext({ cert, key });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Takes no connection from elsewhere: what is said without TLS can be read on the way. */
export function onlyFromHere(taker: Taker): Taker {
  return {
    name: taker.name,
    takes: taker.takes,
    take: (socket, first) => {
      if (isFromHere(socket)) taker.take(socket, first);
      else if (isLetter(first[0] ?? 0)) socket.end(tlsWanted);
      else socket.destroy();
    },
  };
}

/** A machine that calls itself by its own outer address has that address at both ends. */
function isFromHere({ remoteAddress = '', localAddress }: Socket): boolean {
  return remoteAddress === localAddress || isLoopback(remoteAddress.replace(/^::ffff:/, ''));
}

const words = 'This server is spoken to by https only\n';
const tlsWanted = [
  'HTTP/1.1 426 Upgrade Required',
  'Connection: close',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${words.length}`,
  '',
  words,
].join('\r\n');
