import Type, { type Static } from 'typebox';
import { Sha256, Time } from './names.ts';

/** A file that somebody keeps under a name. Two may have the same name and the same bytes. */
export const KeptFileView = Type.Object({
  /** A UUID. */
  id: Type.String(),
  name: Type.String(),
  owner: Type.String(),
  size: Type.Integer(),
  blob: Sha256,
  createdAt: Time,
});
export type KeptFileView = Static<typeof KeptFileView>;

export const KeptFileList = Type.Object({ files: Type.Array(KeptFileView) });
