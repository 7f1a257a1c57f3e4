import { WebSocketServer } from 'ws';
import { serveCalls } from '../../lib/program.ts';
import { selfMeter } from '../../lib/self-meter.ts';

/** The plainest hub there is: what one says, all others are sent. `echo:` comes back to its sender. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data) => {
    const text = data.toString();
    if (text.startsWith('echo:')) socket.send(text);
    else for (const other of server.clients) if (other !== socket) other.send(text);
  });
});
await new Promise((resolve) => server.once('listening', resolve));
serveCalls({ ...selfMeter(), open: () => (server.address() as { port: number }).port, close: () => server.close() });
