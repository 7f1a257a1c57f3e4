import { changeKinds } from '../../packages/server/src/domain/change.ts';
import { code, page, table } from './page.ts';

export function changesPage(): string {
  const rows = Object.entries(changeKinds).map(([kind, text]) => {
    const [meaning, data] = text.split(/: (?=\{)/);
    return [code(kind), meaning ?? '', data === undefined ? '' : code(data)];
  });
  return page(
    'Changes',
    'packages/server/src/domain/change.ts',
    'Committed facts, in the order of their numbers, as `GET /v1/changes` tells them. A number is never used twice; the feed can be replayed from any number that is still kept.',
    table(['kind', 'meaning', 'data'], rows),
  );
}
