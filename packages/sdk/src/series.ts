import Type, { type Static } from 'typebox';

/**
 * A series of numbers that a task left while it ran: the rows of the text table in its attempts' stream `log`. The table is a
 * header `# step energy …` and one line of numbers per row, blank between them, the first column ascending; `nan` and `inf` are
 * numbers there. A header further down begins anew. `GET /v1/tasks/:id/series` puts the attempts together: where a later
 * attempt went back, its rows replace those of the earlier one.
 */
export const SeriesView = Type.Object({
  /** Names of the columns; none: the task left no series. */
  columns: Type.Array(Type.String()),
  /** At most `points` rows, thinned evenly, the last one always kept. Null: not a finite number. */
  rows: Type.Array(Type.Array(Type.Union([Type.Number(), Type.Null()]))),
  /** How many rows there were before they were thinned here. */
  of: Type.Integer(),
  /** The task has ended: there will be no more. */
  ended: Type.Boolean(),
});
export type SeriesView = Static<typeof SeriesView>;

export const seriesLimits = {
  columns: 32,
  points: { usual: 1_000, most: 10_000 },
} as const;
