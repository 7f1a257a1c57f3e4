import type { Account } from '../../auth/account-record.ts';
import type { Agent } from '../../auth/agents.ts';
import type { KeptFile } from '../../engine/library.ts';

/** How the REST side writes things (printerlynx §2.2). Times are epoch seconds as text: an ISO date shows as "Invalid Date". */
const seconds = (ms: number): string => String(Math.floor(ms / 1_000));

export const fileDocument = ({ id, name, size, blob, createdAt }: KeptFile) => ({
  uuid: id,
  name,
  size,
  checksum: blob,
  file_type: 'Gcode',
  file_storage_type: 'local',
  created_at: seconds(createdAt),
});

export const agentDocument = ({ id, name, description, createdAt }: Agent, token: string) => ({
  uuid: id,
  name,
  description,
  token,
  created_at: seconds(createdAt),
});

export const accountDocument = ({ id, username, email }: Account) => ({ uuid: id, username, email: email ?? '' });
