import { serveCalls } from '../lib/program.ts';
import { openRawSocket, type RawSocket } from '../lib/raw-socket.ts';

const sockets: RawSocket[] = [];
let heard = 0;
let bytes = 0;
let admitted = 0;

/** Sockets of editors that have shown their token: count what comes, without looking into it. */
serveCalls({
  async enter({ port, token, count }: { port: number; token: string; count: number }) {
    const all = Promise.withResolvers<void>();
    for (let i = 0; i < count; i++) {
      let known = false;
      const onText = (payload: Buffer): void => {
        if (known) {
          heard++;
          bytes += payload.length;
          return;
        }
        known = true;
        if (++admitted === count) all.resolve();
      };
      const socket = await openRawSocket({ port, path: '/', onText });
      socket.send(JSON.stringify({ type: 'WebSocketAuth', bearerToken: token }));
      sockets.push(socket);
    }
    await all.promise;
  },
  heard: () => ({ heard, bytes }),
  close() {
    for (const socket of sockets) socket.close();
  },
});
