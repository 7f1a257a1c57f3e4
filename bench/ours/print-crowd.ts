import { stamp } from '../lib/clock.ts';
import { serveCalls } from '../lib/program.ts';

/** Agents with their printers, and dashboards that look on: the far side of the print farm's sockets. */
interface Plan {
  readonly url: string;
  /** Of the account that owns them all. */
  readonly token: string;
  readonly agents: readonly string[];
  readonly printersEach: number;
  readonly dashboards: number;
  readonly everyMs: number;
}

const sockets: WebSocket[] = [];
let timer: ReturnType<typeof setInterval> | null = null;
let heard = 0;
let delays: number[] = [];

serveCalls({
  async enter({ url, token, agents, printersEach, dashboards, everyMs }: Plan) {
    const place = url.replace(/^http/, 'ws');
    for (let i = 0; i < dashboards; i++) await enter(`${place}/api/v1/ws`, token, listen);
    const carriers = await Promise.all(agents.map((one) => enter(`${place}/api/v1/ws/agent`, one, () => {})));
    const printers = carriers.flatMap((socket, agent) =>
      Array.from({ length: printersEach }, (_, index) => ({ socket, uuid: uuidOf(agent * printersEach + index) })),
    );
    const report = (): void => {
      for (const { socket, uuid } of printers) socket.send(reportText(uuid));
    };
    report();
    timer = setInterval(report, everyMs);
  },
  /** Since the last time: deliveries, and how long each was under way, ms. */
  heard() {
    const told = { heard, delays: delays.sort((a, b) => a - b) };
    heard = 0;
    delays = [];
    return { heard: told.heard, p50: at(told.delays, 0.5), p99: at(told.delays, 0.99) };
  },
  close() {
    if (timer !== null) clearInterval(timer);
    for (const socket of sockets) socket.close();
  },
});

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
const uuidOf = (n: number): string => `9a4e2d70-51b8-4b7e-8f2f-${n.toString(16).padStart(12, '0')}`;

/** The moment of sending travels as a temperature: the one field whose value comes out as it went in. */
function reportText(uuid: string): string {
  const sent = Math.round(stamp() * 10) % 10_000_000;
  const temperature = { bed: (sent % 1_000) + 0.5, tool0: Math.floor(sent / 1_000) % 1_000, tool1: 0, tool2: 0, tool3: 0 };
  const data = {
    ...{ printer_uuid: uuid, printer_identifier: `Printer ${uuid.slice(-4)}`, status: 'available', job: null },
    ...{ printer_adapter_identifier: 'SERIAL', printer_adapter_interface: '/dev/ttyUSB0', state: { temperature } },
  };
  return JSON.stringify({ type: 'printer_status', data });
}

function listen(text: string): void {
  if (!text.includes('"printer_status"') || !text.includes('"bed"')) return;
  heard++;
  // Every twentieth is enough for the figures, and keeps this process out of the way.
  if (heard % 20 !== 0) return;
  const [, bed = '0'] = /"bed":([\d.]+)/.exec(text) ?? [];
  const [, tool = '0'] = /"tool0":([\d.]+)/.exec(text) ?? [];
  const sent = Math.round(Number(bed) - 0.5) + Number(tool) * 1_000;
  const now = Math.round(stamp() * 10) % 1_000_000;
  delays.push(((now - (sent % 1_000_000) + 1_000_000) % 1_000_000) / 10);
}

function enter(url: string, token: string, hear: (text: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(url);
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`no socket at ${url}`));
    socket.onopen = () => socket.send(JSON.stringify({ type: 'authentication', data: { token } }));
    socket.onmessage = ({ data }) => {
      const text = String(data);
      if (!text.includes('"authentication"')) return hear(text);
      if (/error/i.test(text)) reject(new Error(text));
      else resolve(socket);
    };
  });
}
