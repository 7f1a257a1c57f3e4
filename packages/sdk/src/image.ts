import Type, { type Static } from 'typebox';
import { Id, Time } from './names.ts';

/** The job that got a picture last, of those that the asker may see; null: none did. */
export const NewestImageView = Type.Object({
  job: Type.Union([Id, Type.Null()]),
  at: Type.Union([Time, Type.Null()]),
});
export type NewestImageView = Static<typeof NewestImageView>;
