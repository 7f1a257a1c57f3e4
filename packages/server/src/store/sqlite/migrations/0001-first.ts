/**
 * Hot rows are slim; texts live in `body`. Priorities are stored as ranks (negated), so that every index ascends.
 * Codes of states and intents: `codes.ts`.
 */
export const first = `
CREATE TABLE sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  priority INTEGER NOT NULL,
  owner TEXT NOT NULL,
  labels TEXT,
  spec INTEGER NOT NULL,
  intent INTEGER NOT NULL,
  state INTEGER NOT NULL,
  counts TEXT NOT NULL,
  started_at INTEGER,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  first_task INTEGER NOT NULL
) STRICT;
CREATE INDEX job_state ON job (state, kind, id);
CREATE INDEX job_owner ON job (owner, id);
CREATE INDEX job_blocked ON job (id) WHERE intent <> 0 AND state < 4;
CREATE TABLE job_label (name TEXT, value TEXT, job INTEGER, PRIMARY KEY (name, value, job)) STRICT, WITHOUT ROWID;

CREATE TABLE task (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  array_id INTEGER,
  idx INTEGER,
  key TEXT,
  kind TEXT NOT NULL,
  class INTEGER NOT NULL,
  job_rank INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  body INTEGER NOT NULL,
  state INTEGER NOT NULL,
  worker INTEGER,
  session INTEGER,
  deadline INTEGER,
  held INTEGER,
  not_before INTEGER,
  goal TEXT,
  reason TEXT,
  since INTEGER,
  parents_left INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  losses INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  max_losses INTEGER NOT NULL,
  retry_on INTEGER NOT NULL,
  backoff_ms INTEGER NOT NULL,
  on_loss INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  silence_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
) STRICT;
CREATE INDEX task_job ON task (job, id);
CREATE INDEX task_kind ON task (kind, state, id);
CREATE INDEX task_ready ON task (class, job_rank, rank, job, id) WHERE state = 1;
CREATE INDEX task_held ON task (worker, id) WHERE state BETWEEN 2 AND 5;
CREATE INDEX task_due ON task (not_before) WHERE state = 0 AND not_before IS NOT NULL;
CREATE INDEX task_offer ON task (deadline) WHERE state = 2 AND deadline IS NOT NULL;
CREATE UNIQUE INDEX task_one_print ON task (worker) WHERE kind = 'print' AND state BETWEEN 3 AND 5;

CREATE TABLE array (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  key TEXT,
  kind TEXT NOT NULL,
  class INTEGER NOT NULL,
  job_rank INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  body INTEGER NOT NULL,
  size INTEGER NOT NULL,
  next INTEGER NOT NULL,
  holes INTEGER NOT NULL,
  rest INTEGER NOT NULL,
  held INTEGER,
  not_before INTEGER,
  reason TEXT,
  since INTEGER,
  parents_left INTEGER NOT NULL,
  first INTEGER NOT NULL,
  step INTEGER NOT NULL,
  items INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  max_losses INTEGER NOT NULL,
  retry_on INTEGER NOT NULL,
  backoff_ms INTEGER NOT NULL,
  on_loss INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  silence_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX array_job ON array (job, id);
CREATE INDEX array_rest ON array (kind, rest, id) WHERE next < size;
CREATE INDEX array_ready ON array (class, job_rank, rank, job, id) WHERE rest = 1 AND next < size;
CREATE INDEX array_due ON array (not_before) WHERE rest = 0 AND not_before IS NOT NULL;
CREATE TABLE item (array_id INTEGER, first INTEGER, texts TEXT NOT NULL, PRIMARY KEY (array_id, first)) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
  task INTEGER,
  number INTEGER,
  worker INTEGER NOT NULL,
  worker_name TEXT NOT NULL,
  session INTEGER NOT NULL,
  pools TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT,
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  error TEXT,
  result TEXT,
  artifacts TEXT,
  PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_artifacts ON attempt (task, number) WHERE artifacts IS NOT NULL;

CREATE TABLE worker (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  key TEXT,
  owner TEXT NOT NULL,
  status INTEGER NOT NULL,
  mode TEXT NOT NULL,
  session INTEGER NOT NULL,
  holding INTEGER NOT NULL,
  picky INTEGER NOT NULL,
  used TEXT NOT NULL,
  reported TEXT,
  wanted TEXT,
  profile TEXT NOT NULL,
  info TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX worker_key ON worker (key) WHERE key IS NOT NULL;
CREATE INDEX worker_session ON worker (session);
CREATE INDEX worker_present ON worker (id) WHERE status <> 4;

CREATE TABLE class (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, spec TEXT NOT NULL) STRICT;
CREATE TABLE body (id INTEGER PRIMARY KEY, uses INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
CREATE TABLE checkpoint (task INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
CREATE TABLE pool (name TEXT PRIMARY KEY, total INTEGER, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tally (
  kind TEXT PRIMARY KEY, counts TEXT NOT NULL, finished_runs INTEGER NOT NULL, finished_seconds INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge (
  parent_kind INTEGER, parent INTEGER, child INTEGER, child_kind INTEGER, done INTEGER NOT NULL,
  PRIMARY KEY (parent_kind, parent, child, child_kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_child ON edge (child, child_kind);

CREATE TABLE exclusion (
  worker INTEGER, task INTEGER, why TEXT, session INTEGER, until INTEGER, PRIMARY KEY (worker, task, why)
) STRICT, WITHOUT ROWID;
CREATE INDEX exclusion_task ON exclusion (task);
CREATE INDEX exclusion_until ON exclusion (until) WHERE until IS NOT NULL;

CREATE TABLE block (job INTEGER, worker INTEGER, kind TEXT, at INTEGER NOT NULL, PRIMARY KEY (job, worker, kind)) STRICT, WITHOUT ROWID;
CREATE INDEX block_worker ON block (worker);

CREATE TABLE sweep (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, work TEXT NOT NULL) STRICT;

CREATE TABLE log (
  task INTEGER, attempt INTEGER, stream TEXT, length INTEGER NOT NULL, inline BLOB, PRIMARY KEY (task, attempt, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  job INTEGER,
  task INTEGER,
  worker INTEGER,
  owner TEXT,
  json TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  name TEXT NOT NULL,
  command TEXT NOT NULL,
  subject TEXT NOT NULL,
  refusal TEXT
) STRICT;

CREATE TABLE idempotent (
  owner TEXT, key TEXT, hash TEXT NOT NULL, job INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_at ON idempotent (at);

CREATE TABLE record (
  collection TEXT, key TEXT, value TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;
`;
