import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { part, seen } from './lib/farm.ts';
import { Yard } from './lib/yard.ts';

it('the picture that a slicer put into its file is the picture of the job, encoded anew', { timeout: 60_000 }, async () => {
  const yard = await Yard.forTest();
  await yard.start(['--no-local-worker']);
  const client = await yard.client();
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#f80' } })
    .png()
    .toBuffer();
  const thumbnail = `; thumbnail begin 40x30 ${png.length}\n; ${png.toString('base64')}\n; thumbnail end\n`;
  const broken = '; thumbnail begin 300x300 4\n; AAAA\n; thumbnail end\n';
  const path = join(yard.dir.path, 'part.gcode');
  const shown = async (id: number): Promise<Response | null> => {
    const answer = await fetch(`${client.server}/v1/jobs/${id}/image`, {
      headers: { authorization: `Bearer ${await yard.adminToken()}` },
    });
    return answer.ok ? answer : null;
  };
  // One that is none harms nobody after it.
  await writeFile(path, broken + part(3));
  const none = Number((await yard.cli(['print', path, '-d'])).out);
  await writeFile(path, thumbnail + part(3));
  const job = Number((await yard.cli(['print', path, '-d'])).out);
  await seen(client, async () => (await shown(job)) !== null);
  const answer = await shown(job);
  expect(answer?.headers.get('content-type')).toBe('image/jpeg');
  const bytes = Buffer.from(await answer!.arrayBuffer());
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 40, height: 30 });
  expect(await shown(none)).toBeNull();
});
