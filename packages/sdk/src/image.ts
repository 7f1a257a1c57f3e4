import Type, { type Static } from 'typebox';
import { Id, Time } from './names.ts';

/** The present picture of a job; `version` is unlike that of every other picture of it. */
export const ImageView = Type.Object({ job: Id, at: Time, version: Type.String() });
export type ImageView = Static<typeof ImageView>;

export const ImageList = Type.Object({ images: Type.Array(ImageView) });
