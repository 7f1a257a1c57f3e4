import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SerialPort } from 'serialport';
import type { UsbFacts } from '../agent/identity.ts';

/** What USB says about the board behind a port; null: nothing. Never rejects. */
export async function usbFacts(path: string): Promise<UsbFacts | null> {
  const real = realPath(path);
  return fromSystem(real) ?? (await fromList(real));
}

/** Links in `/dev/serial/by-id` and the like lead to the device. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Linux tells it in files, also where there is no `udevadm` (a container). */
function fromSystem(path: string): UsbFacts | null {
  let folder: string;
  try {
    folder = realpathSync(join('/sys/class/tty', basename(path), 'device'));
  } catch {
    return null;
  }
  for (let up = 0; up < 5; up++, folder = dirname(folder)) {
    const serial = textOf(join(folder, 'serial'));
    const vendor = textOf(join(folder, 'idVendor'));
    if (serial !== null && vendor !== null) return { serial, vendor, product: textOf(join(folder, 'idProduct')) ?? '' };
  }
  return null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

async function fromList(path: string): Promise<UsbFacts | null> {
  // Linux has been asked already, and there the list needs a program that may be missing.
  if (process.platform === 'linux') return null;
  const ports = await SerialPort.list().catch(() => []);
  const port = ports.find((one) => one.path === path);
  if (port?.serialNumber === undefined) return null;
  return { serial: port.serialNumber, vendor: port.vendorId ?? '', product: port.productId ?? '' };
}
