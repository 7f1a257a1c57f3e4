import type { Client } from '@switchyard/sdk/client/client.ts';
import type { Surroundings } from './job-request.ts';
import { upload } from './upload.ts';

export function surroundings(client: Client): Surroundings {
  return {
    cwd: process.cwd(),
    env: process.env,
    now: Date.now(),
    upload: (path) => upload(client, path),
    stdin: process.stdin,
  };
}
