CREATE INDEX users_email ON users (email);
CREATE INDEX users_username ON users (username);
CREATE INDEX users_created ON users (created_at, user_id);

CREATE INDEX log_user ON log (data ->> 'user_id');

-- Calls in a stretch of time, where they are limited.
CREATE TABLE quotas (
    subject TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (subject, began_at)
) WITHOUT ROWID;

CREATE TABLE action_versions (
    id TEXT PRIMARY KEY,
    action_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    -- sealed
    secrets BLOB NOT NULL,
    UNIQUE (action_id, number)
);
