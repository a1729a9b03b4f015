-- Users to be brought in, until their job is done; then what became of it.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    data TEXT NOT NULL,
    -- sealed; gone once the job is done
    users BLOB,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- completed: the counts; failed: why
    result TEXT,
    errors TEXT,
    created_at INTEGER NOT NULL
);
CREATE INDEX jobs_open ON jobs (due_at) WHERE users IS NOT NULL;
CREATE INDEX jobs_created ON jobs (created_at);
