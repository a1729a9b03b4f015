-- Questions to phones are told in the order in which they were asked, of which several come within a second.
CREATE TABLE oob_2 (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    token BLOB UNIQUE,
    state TEXT CHECK (state IN ('approved', 'denied', 'pending')),
    asks INTEGER NOT NULL,
    last_poll INTEGER,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
INSERT INTO oob_2 (digest, id, user_id, token, state, asks, last_poll, data, expires_at)
SELECT digest, id, user_id, token, state, asks, last_poll, data, expires_at FROM oob ORDER BY data ->> 'created_at';
DROP TABLE oob;
ALTER TABLE oob_2 RENAME TO oob;
CREATE INDEX oob_expiry ON oob (expires_at);
CREATE INDEX oob_answers ON oob (user_id) WHERE state IS NOT NULL;
