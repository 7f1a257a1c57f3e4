import { serveCalls } from '../../lib/program.ts';
import { concierge } from './dialects.ts';

/** Clients that have identified themselves and do nothing. */
const atOnce = 100;

serveCalls({
  async enter({ port, count }: { port: number; count: number }) {
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, i) => concierge.visitor(port, `idle${from + i}`)));
    }
  },
  close: () => {},
});
