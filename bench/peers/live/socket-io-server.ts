import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { serveCalls } from '../../lib/program.ts';
import { selfMeter } from '../../lib/self-meter.ts';

/** Its fastest set-up: WebSocket only, no compression, no connection state recovery. */
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, httpCompression: false, serveClient: false });
io.on('connection', (socket) => {
  socket.on('say', (text: string) => void socket.broadcast.emit('said', text));
  socket.on('echo', (text: string) => void socket.emit('said', text));
});
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
serveCalls({ ...selfMeter(), open: () => (http.address() as { port: number }).port, close: () => io.close() });
