/** Deadlines of jobs, parents that need only have ended, rates, shares of owners, workers kept for large tasks. */
export const scheduling = `
ALTER TABLE job ADD COLUMN deadline INTEGER;
CREATE INDEX job_deadline ON job (deadline) WHERE deadline IS NOT NULL AND state < 4 AND intent < 3;
ALTER TABLE edge ADD COLUMN any_end INTEGER NOT NULL DEFAULT 0;
CREATE TABLE rate (key TEXT PRIMARY KEY, starts TEXT NOT NULL, free_at INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX rate_free ON rate (free_at) WHERE free_at IS NOT NULL;
CREATE TABLE share (key TEXT PRIMARY KEY, served INTEGER NOT NULL, running INTEGER NOT NULL, started INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE reservation (worker INTEGER PRIMARY KEY, class INTEGER NOT NULL, task INTEGER NOT NULL) STRICT;
`;
