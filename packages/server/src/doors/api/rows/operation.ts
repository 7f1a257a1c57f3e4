import { closed } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import type { HttpRow } from '../../kit/http-row.ts';
import { ok, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const LogLevel = Type.Object({ level: Type.Enum([...levels]) }, closed);

/** What an operator turns while the server runs. */
export function operationRows(context: ApiContext): HttpRow[] {
  const { log } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/log-level',
      summary: 'What the server writes about itself at present.',
      right: 'admin:read',
      tags: ['admin'],
      answers: { 200: LogLevel },
      handle: () => ok({ level: log.level }),
    }),
    row({
      method: 'PUT',
      path: '/v1/log-level',
      summary: 'Changes that until the next start; SIGUSR2 switches between `debug` and the level of the configuration.',
      right: 'admin:write',
      tags: ['admin'],
      body: LogLevel,
      answers: { 200: LogLevel },
      handle: ({ by, body: { level } }) => {
        // Told at a level that is heard before or after the change.
        const before = log.level;
        if (level !== 'silent') log.level = level;
        log.warn({ event: 'log.level', before, level, by: by.id });
        log.level = level;
        return ok({ level });
      },
    }),
  ];
}
