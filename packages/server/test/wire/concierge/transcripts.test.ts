import { describe, expect, it } from 'vitest';
import { table } from '../../../src/doors/concierge/table.ts';
import { enter, type Joined } from '../../concierge/lib/clients.ts';
import { openPlace } from '../../concierge/lib/place.ts';
import { masked, type WireClient } from '../../concierge/lib/wire-client.ts';
import { type Transcript, transcripts } from './transcripts.ts';

/** How many bytes are written at a time; 0: all that is said in one piece. */
const cuts = [0, 1, 3, 7];

describe('concierge transcripts', () => {
  it('cover every row of the table', () => {
    expect([...new Set(transcripts.flatMap(({ rows }) => rows))].sort()).toEqual(Object.keys(table).sort());
  });

  it.each(transcripts.flatMap((one) => cuts.map((cut) => ({ ...one, cut }))))('$name, cut at $cut', async ({ lines, cut }) => {
    await using place = await openPlace();
    const ada = await enter(place.port, 'ada', { nickname: 'Ada L.', tags: ['babylon'] });
    const bob = await enter(place.port, 'bob');
    await ada.client.hear();
    await play(lines, { ada, bob }, cut);
  });
});

async function play(lines: Transcript['lines'], { ada, bob }: Record<'ada' | 'bob', Joined>, cut: number): Promise<void> {
  for (const line of lines) {
    const [, who, sign, text = ''] = /^(B?)([<>]) (.*)$/.exec(line) ?? [];
    const { client } = who === 'B' ? bob : ada;
    const filled = text.replaceAll('$A', ada.uuid).replaceAll('$B', bob.uuid);
    if (sign === '>') await write(client, filled, cut);
    else expect(await client.hearText()).toBe(filled);
  }
}

async function write(client: WireClient, text: string, cut: number): Promise<void> {
  const bytes = masked(0x1, Buffer.from(text), true);
  const step = cut === 0 ? bytes.length : cut;
  for (let at = 0; at < bytes.length; at += step) {
    await new Promise((resolve) => client.socket.write(bytes.subarray(at, at + step), resolve));
  }
}
