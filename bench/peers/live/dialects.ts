import { openRawSocket, type RawSocket } from '../../lib/raw-socket.ts';

/** How a hub is spoken to, so that one crowd of clients can play with all of them. */
export interface Dialect {
  /** Enters as a receiver. `onMessage`: one delivery. */
  subscriber(port: number, name: string, onMessage: (payload: Buffer) => void): Promise<RawSocket>;
  /** Enters as the sender. `onMessage`: its own echoes. */
  publisher(port: number, onMessage: (payload: Buffer) => void): Promise<RawSocket>;
  /** What the publisher writes for one message to all. `text` has no characters that JSON escapes. */
  say(text: string): string;
  /** To itself. */
  echo(text: string): string;
}

type Enter = (socket: RawSocket, payload: Buffer) => boolean;

/** Opens, and goes through an introduction: `enter` answers each frame until it says that it is in. */
async function enter(
  port: number,
  path: string,
  first: string | null,
  step: Enter,
  isMessage: (payload: Buffer) => boolean,
  onMessage: (payload: Buffer) => void,
): Promise<RawSocket> {
  const entered = Promise.withResolvers<void>();
  let inside = first === null;
  const socket = await openRawSocket({
    port,
    path,
    onText: (payload, self) => {
      if (inside) {
        if (isMessage(payload)) onMessage(payload);
        else step(self, payload);
      } else if (step(self, payload)) {
        inside = true;
        entered.resolve();
      }
    },
  });
  if (first === null) entered.resolve();
  else if (first !== '') socket.send(first);
  await entered.promise;
  return socket;
}

const starts = (text: string) => {
  const bytes = Buffer.from(text);
  return (payload: Buffer): boolean =>
    payload.length >= bytes.length && payload.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
};

const identify = (name: string): string => JSON.stringify({ type: 'IDENTIFY', name, version: '0.2.0' });
const isConciergeMessage = starts('{"type":"MESSAGE"');
const isSubscribed = starts('{"seq":0,"type":"SELF_SUBSCRIBE_RESULT"');
const isHello = starts('{"type":"HELLO"');
const isCreated = starts('{"seq":0,"type":"SERVICE_CREATE_RESULT"');

export const concierge: Dialect & { visitor(port: number, name: string): Promise<RawSocket> } = {
  /** Is there, and subscribes to nothing. */
  visitor: (port, name) =>
    enter(
      port,
      '/ws',
      identify(name),
      (_socket, payload) => isHello(payload),
      () => false,
      () => {},
    ),
  subscriber: (port, name, onMessage) =>
    enter(
      port,
      '/ws',
      identify(name),
      (socket, payload) => {
        if (isHello(payload)) socket.send('{"type":"SELF_SUBSCRIBE","service":"bench"}');
        return isSubscribed(payload);
      },
      isConciergeMessage,
      onMessage,
    ),
  publisher: (port, onMessage) =>
    enter(
      port,
      '/ws',
      identify('publisher'),
      (socket, payload) => {
        if (isHello(payload)) socket.send('{"type":"SERVICE_CREATE","service":"bench"}');
        return isCreated(payload);
      },
      isConciergeMessage,
      onMessage,
    ),
  say: (text) => `{"type":"MESSAGE","target":{"type":"SERVICE","service":"bench"},"data":"${text}"}`,
  echo: (text) => `{"type":"MESSAGE","target":{"type":"NAME","name":"publisher"},"data":"${text}"}`,
};

const all = (): boolean => true;

export const bareWs: Dialect = {
  subscriber: (port, _name, onMessage) => enter(port, '/', null, all, all, onMessage),
  publisher: (port, onMessage) => enter(port, '/', null, all, all, onMessage),
  say: (text) => text,
  echo: (text) => `echo:${text}`,
};

const isOpen = starts('0');
const isPing = starts('2');
const isConnected = starts('40');
const isEvent = starts('42');

const socketIoStep: Enter = (socket, payload) => {
  if (isOpen(payload)) socket.send('40');
  else if (isPing(payload)) socket.send('3');
  return isConnected(payload);
};
const socketIoPath = '/socket.io/?EIO=4&transport=websocket';

export const socketIo: Dialect = {
  subscriber: (port, _name, onMessage) => enter(port, socketIoPath, '', socketIoStep, isEvent, onMessage),
  publisher: (port, onMessage) => enter(port, socketIoPath, '', socketIoStep, isEvent, onMessage),
  say: (text) => `42["say","${text}"]`,
  echo: (text) => `42["echo","${text}"]`,
};

export const dialects = { concierge, bareWs, socketIo } as const;
