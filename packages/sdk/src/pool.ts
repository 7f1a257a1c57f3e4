import Type, { type Static } from 'typebox';
import { Amount } from './names.ts';

export const PoolView = Type.Object({ name: Type.String(), total: Type.Integer(), used: Type.Integer() });
export type PoolView = Static<typeof PoolView>;
export const PoolRequest = Type.Object({ total: Amount }, { additionalProperties: false });
export type PoolRequest = Static<typeof PoolRequest>;
