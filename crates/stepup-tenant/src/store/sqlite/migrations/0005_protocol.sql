CREATE TABLE pushed_requests (
    digest BLOB PRIMARY KEY,
    client_id TEXT NOT NULL,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

-- The jti of client assertions and DPoP proofs.
CREATE TABLE used_proofs (
    digest BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX refresh_tokens_session ON refresh_tokens (json_extract(data, '$.session_id'));
CREATE INDEX codes_session ON codes (json_extract(data, '$.session_id'));
