import type { Refusal } from '../../domain/errors.ts';
import type { Done, ProcedureContext, ReadSet, ResultsOf } from '../../ports/store.ts';
import type { AnswerOf, CommandName, InputOf } from '../commands.ts';
import type { Spoken } from './working-set.ts';

export type Reading<T> = Generator<ReadSet, T, ResultsOf<ReadSet>>;
export type ProcedureResult<A> = Done<Spoken<A>> | { readonly refusal: Refusal };
export type ProcedureOf<N extends CommandName> = (
  input: InputOf<N>,
  context: ProcedureContext,
) => Reading<ProcedureResult<AnswerOf<N>>>;
