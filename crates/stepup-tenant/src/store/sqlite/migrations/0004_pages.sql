CREATE TABLE tickets (
    digest BLOB PRIMARY KEY,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

-- Remembered for one user each: a browser that two people share has two rows.
CREATE TABLE browsers (
    digest BLOB NOT NULL,
    user_id TEXT NOT NULL,
    remembered_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (digest, user_id)
) WITHOUT ROWID;
CREATE INDEX browsers_user ON browsers (user_id);

-- One row a scope, so that two consents given at once add up. The audience is empty for the profile alone.
CREATE TABLE consents (
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    consented_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id, audience, scope)
) WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (json_extract(data, '$.user_id'));
