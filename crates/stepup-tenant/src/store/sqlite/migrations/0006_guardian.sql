-- What the tenant owes: webhooks and back-channel logouts that nobody has taken yet.
CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL
);
CREATE INDEX calls_due ON calls (due_at);
