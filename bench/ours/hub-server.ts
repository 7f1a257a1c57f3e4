import { serveCalls } from '../lib/program.ts';
import { selfMeter } from '../lib/self-meter.ts';
import { createSwitchyardHub } from './open-hub.ts';

const hub = await createSwitchyardHub();
serveCalls({ ...selfMeter(), open: () => hub.port, close: () => hub.close() });
