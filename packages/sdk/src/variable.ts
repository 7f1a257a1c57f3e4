import Type, { type Static } from 'typebox';
import { closed } from './names.ts';

/** A name that stands for another value on every platform: `{name}` in commands of render jobs. */
const platform = Type.Union([Type.Literal('linux'), Type.Literal('windows'), Type.Literal('darwin')]);
export type VariablePlatform = Static<typeof platform>;

export const VariableValue = Type.Object(
  {
    platforms: Type.Array(platform, { minItems: 1, maxItems: 3 }),
    /** `workers` run tasks, `users` submit jobs. */
    audience: Type.Union([Type.Literal('all'), Type.Literal('workers'), Type.Literal('users')]),
    value: Type.String({ minLength: 1, maxLength: 1_000 }),
  },
  closed,
);
export type VariableValue = Static<typeof VariableValue>;

export const VariableRequest = Type.Object(
  {
    /** `twoway`: a folder; submitted paths below it are stored as `{name}/rest`. Default `oneway`. */
    direction: Type.Optional(Type.Union([Type.Literal('oneway'), Type.Literal('twoway')])),
    values: Type.Array(VariableValue, { minItems: 1, maxItems: 9 }),
  },
  closed,
);
export type VariableRequest = Static<typeof VariableRequest>;

export const VariableView = Type.Object({
  name: Type.String(),
  direction: Type.Union([Type.Literal('oneway'), Type.Literal('twoway')]),
  values: Type.Array(VariableValue),
  /** Nobody set it: what is used until somebody does. */
  usual: Type.Boolean(),
});
export type VariableView = Static<typeof VariableView>;

export const VariableList = Type.Object({ variables: Type.Array(VariableView) });
export type VariableList = Static<typeof VariableList>;
