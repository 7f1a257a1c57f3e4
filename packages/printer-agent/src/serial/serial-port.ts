import { SerialPort } from 'serialport';
import type { OpenPort, Port } from './port.ts';

const closePatienceMs = 2_000;

/** A real port (or a pty): 8N1 without flow control, locked against others. */
export function serialPort(path: string): OpenPort {
  return (baud, events) =>
    new Promise((resolve, reject) => {
      const port = new SerialPort({ path, baudRate: baud, autoOpen: false, lock: true });
      let closing = false;
      // An unplugged cable says `error`, `close`, or both.
      let gone = false;
      const lost = (why: string) => {
        if (gone || closing) return;
        gone = true;
        events.lost(why);
        port.destroy();
      };
      port.on('data', (bytes: Buffer) => events.data(bytes));
      port.on('error', (error) => lost(error.message));
      port.on('close', (error: Error | null) => lost(error?.message ?? 'the port was closed'));
      port.open((error) => {
        if (error !== null && error !== undefined) {
          gone = true;
          reject(new Error(advice(path, error.message)));
          return;
        }
        const end = () => {
          closing = true;
          return closed(port, () => gone);
        };
        resolve({ write: (text) => void port.write(Buffer.from(text)), close: end } satisfies Port);
      });
    });
}

/** Drains first: an emergency stop must not be thrown away. */
async function closed(port: SerialPort, gone: () => boolean): Promise<void> {
  if (gone() || !port.isOpen) return;
  await bounded((done) => port.drain(done));
  await bounded((done) => port.close(done));
}

/** A driver without its device may never call back. */
function bounded(act: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, closePatienceMs);
    act(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function advice(path: string, message: string): string {
  if (/permission denied|EACCES/i.test(message)) {
    return `${path} may not be opened by this user: add it to the group that owns the port (often "dialout") and log in again`;
  }
  if (/no such file|ENOENT/i.test(message)) return `${path} is not there: is the printer switched on and plugged in?`;
  if (/lock|busy|EBUSY|EAGAIN|temporarily unavailable/i.test(message)) return `${path} is in use by another program`;
  return message;
}
