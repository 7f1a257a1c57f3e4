import type { LeftOut } from '../lib/bench.ts';
import type { Closing } from '../lib/closing.ts';
import type { Ground } from '../lib/ground.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import type { Peer } from './peer.ts';
import { peers } from './table.ts';

export interface OpenPeer {
  readonly peer: Peer;
  readonly at: string;
  /** Of its server. */
  readonly pid: number;
  /** The process that adds. */
  readonly adds: Program;
}

/** Every peer whose server and library can be had here; the others with the reason. */
export async function openPeers(ground: Ground, closing: Closing): Promise<{ open: OpenPeer[]; leftOut: LeftOut[] }> {
  const open: OpenPeer[] = [];
  const leftOut: LeftOut[] = [];
  for (const peer of peers) {
    const server = await ground.foreign(peer.server);
    if ('why' in server) {
      leftOut.push({ who: peer.name, why: server.why });
      continue;
    }
    const adds = closing.add(startProgram(peer.adds));
    try {
      await adds.call('open', { at: server.at, connections: peer.connections });
      await adds.call('clear');
      open.push({ peer, at: server.at, pid: server.pid, adds });
    } catch (cause) {
      leftOut.push({ who: peer.name, why: (cause as Error).message.split('\n')[0] ?? '' });
    }
  }
  return { open, leftOut };
}
