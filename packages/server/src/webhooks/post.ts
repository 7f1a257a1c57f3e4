import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isIP } from 'node:net';

export interface Posting {
  readonly url: URL;
  /** Where it really goes. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Authorities beside the usual ones, PEM. */
  readonly ca?: string;
}

const mostAnswered = 65_536;

/** The status of the answer. Redirects are not followed, of its body nothing is kept. Rejects where there is no answer. */
export function post({ url, address, headers, body, signal, ca }: Posting): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
  const options = {
    ...{ host: address, method: 'POST', path: `${url.pathname}${url.search}`, agent: false, signal },
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    headers: { ...headers, host: url.host, 'content-length': Buffer.byteLength(body) },
    maxHeaderSize: 16_384,
  };
  const answered = (response: IncomingMessage): void => {
    let size = 0;
    response.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size > mostAnswered) response.destroy();
    });
    // It has answered; whatever becomes of its body.
    response.on('error', () => {});
    response.on('close', () => resolve(response.statusCode ?? 0));
  };
  const call = url.protocol === 'https:' ? secure({ ...options, ...tls }, answered) : plain(options, answered);
  call.on('error', reject);
  call.end(body);
  return promise;
}
