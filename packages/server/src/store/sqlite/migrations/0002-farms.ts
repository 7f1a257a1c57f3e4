/** What render farms need: failures counted per worker, blocks that end by themselves, and who is asked again when. */
export const farms = `
ALTER TABLE task ADD COLUMN farm_policy TEXT;
ALTER TABLE array ADD COLUMN farm_policy TEXT;
ALTER TABLE block ADD COLUMN until INTEGER;
CREATE INDEX block_until ON block (until) WHERE until IS NOT NULL;
CREATE TABLE fault (job INTEGER, worker INTEGER, kind TEXT, failures INTEGER NOT NULL, PRIMARY KEY (job, worker, kind)) STRICT, WITHOUT ROWID;
CREATE INDEX fault_worker ON fault (worker);
CREATE INDEX exclusion_failed ON exclusion (task) WHERE why = 'failed' AND until IS NULL;
DROP INDEX worker_present;
`;
