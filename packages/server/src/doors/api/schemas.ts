import { Id, limits } from '@switchyard/sdk/names.ts';
import Type from 'typebox';

/** The body of a command that needs nothing but its address: empty, or an empty object. */
export const NoFields = Type.Object({}, { additionalProperties: false });

/** Small parts of addresses and queries that many rows share. */
export const IdParam = Type.Object({ id: Id });

export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.pageRows, description: 'rows at most; default 100' })),
  cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}$', description: '`next` of the page before' })),
};

export const names = Type.Array(Type.String({ minLength: 1, maxLength: limits.nameLength }), { maxItems: 100 });

export const defaultRows = 100;

export function pageOf(query: { limit?: number; cursor?: string }, order: 'asc' | 'desc') {
  return { limit: query.limit ?? defaultRows, cursor: query.cursor === undefined ? null : Number(query.cursor), order };
}

/** The cursor of the page after this one; null: that was all. */
export function nextOf(rows: readonly { readonly id: number }[], limit: number): string | null {
  return rows.length < limit ? null : String(rows.at(-1)?.id ?? 0);
}
